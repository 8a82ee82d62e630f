// SPDX-License-Identifier: MIT
// poll and select: look at every file, and wait until some driver says that something changed.
#include "time_points.h"
#include "waiting.h"

#include <minios/clock.h>
#include <minios/files.h>

#include <algorithm>
#include <poll.h>
#include <stdint.h>
#include <sys/select.h>

using namespace minios;

namespace {

constexpr short always_told = POLLERR | POLLHUP | POLLNVAL;

short readiness_of(int descriptor) {
    files::OpenFile* file = files::find(descriptor);
    if (file == nullptr) return POLLNVAL;
    return file->operations.ready != nullptr ? file->operations.ready(*file)
                                             : static_cast<short>(files::readable | files::writable);
}

int look(struct pollfd* files, nfds_t count) {
    int ready = 0;
    for (nfds_t i = 0; i < count; ++i) {
        files[i].revents = 0;
        if (files[i].fd < 0) continue;
        short is = readiness_of(files[i].fd);
        if ((is & POLLIN) != 0) is |= POLLRDNORM;
        if ((is & POLLOUT) != 0) is |= POLLWRNORM;
        files[i].revents = static_cast<short>(is & (files[i].events | always_told));
        ready += files[i].revents != 0;
    }
    return ready;
}

/// Calls `attempt` until it says something else than 0, `wait_ns` (negative: no limit) have passed, or a handler ran.
template <class Attempt> int wait_for(Attempt attempt, std::int64_t wait_ns) {
    const std::uint64_t deadline = wait_ns < 0 ? 0 : clock::now_ns() + static_cast<std::uint64_t>(wait_ns);
    threads::yield(); // who polls in a loop must let others run
    for (;;) {
        if (const int ready = attempt(); ready != 0) return ready;
        if (libc::cancellation_due()) return -libc::cancelled;
        if (libc::handle_signals() != libc::Handled::nothing) return -EINTR;
        if (wait_ns == 0) return 0;
        const int error = libc::wait_once(files::readiness(), deadline, libc::Restart::never);
        if (error == 0) continue;
        const int ready = attempt();
        return ready != 0 || error == -ETIMEDOUT ? ready : error;
    }
}

struct Sets {
    fd_set *read, *write, *failed;
};

/// Looks at what `wanted` asks for and marks it in `found`; the number of marks, or -EBADF.
int look(int count, const Sets& wanted, fd_set (&found)[3]) {
    const auto has = [](const fd_set* set, int descriptor) { return set != nullptr && FD_ISSET(descriptor, set); };
    int marks = 0;
    for (int descriptor = 0; descriptor < count; ++descriptor) {
        const bool read = has(wanted.read, descriptor), write = has(wanted.write, descriptor);
        const bool failed = has(wanted.failed, descriptor);
        if (!read && !write && !failed) continue;
        const short is = readiness_of(descriptor);
        if ((is & POLLNVAL) != 0) return -EBADF;
        const auto mark = [&](bool asked, fd_set& set, int bits) {
            if (!asked || (is & bits) == 0) return;
            FD_SET(descriptor, &set);
            ++marks;
        };
        mark(read, found[0], POLLIN | POLLHUP | POLLERR);
        mark(write, found[1], POLLOUT | POLLERR);
        mark(failed, found[2], POLLPRI);
    }
    return marks;
}

int select_among(int count, const Sets& sets, std::int64_t wait_ns) {
    if (count < 0 || count > FD_SETSIZE) return -EINVAL;
    fd_set found[3];
    const int marks = wait_for(
        [&] {
            for (fd_set& set : found) FD_ZERO(&set);
            return look(count, sets, found);
        },
        wait_ns);
    if (marks < 0) return marks;
    if (sets.read != nullptr) *sets.read = found[0];
    if (sets.write != nullptr) *sets.write = found[1];
    if (sets.failed != nullptr) *sets.failed = found[2];
    return marks;
}

/// For wait_for(); false: no valid time.
bool nanoseconds_of(const timespec* timeout, std::int64_t& ns) {
    ns = -1;
    if (timeout == nullptr) return true;
    if (!libc::valid(*timeout)) return false;
    ns = static_cast<std::int64_t>(libc::nanoseconds(*timeout));
    return true;
}

/// Waits with another mask (nullptr: the thread's own).
template <class Wait> int with_mask(const sigset_t* mask, Wait wait) {
    if (mask == nullptr) return wait();
    const sigset_t before = libc::set_signal_mask(*mask);
    const int result = wait();
    (void)libc::set_signal_mask(before);
    (void)libc::handle_signals();
    return result;
}

} // namespace

extern "C" {

int poll(struct pollfd* asked, nfds_t count, int timeout_ms) {
    const std::int64_t wait_ns = timeout_ms < 0 ? -1 : timeout_ms * std::int64_t{1'000'000};
    if (count > files::most_descriptors) return libc::refuse(EINVAL);
    return libc::finish(wait_for([=] { return look(asked, count); }, wait_ns));
}

int select(int count, fd_set* read, fd_set* write, fd_set* failed, struct timeval* timeout) {
    std::int64_t wait_ns = -1;
    if (timeout != nullptr) {
        if (timeout->tv_sec < 0 || timeout->tv_usec < 0) return libc::refuse(EINVAL);
        constexpr std::int64_t longest_s = 1'000'000'000, longest_us = longest_s * 1'000'000; // thirty years of each
        wait_ns = std::min<std::int64_t>(timeout->tv_sec, longest_s) * 1'000'000'000 +
                  std::min<std::int64_t>(timeout->tv_usec, longest_us) * 1000;
    }
    return libc::finish(select_among(count, {read, write, failed}, wait_ns));
}

int pselect(int count, fd_set* read, fd_set* write, fd_set* failed, const struct timespec* timeout,
            const sigset_t* mask) {
    std::int64_t wait_ns;
    if (!nanoseconds_of(timeout, wait_ns)) return libc::refuse(EINVAL);
    return libc::finish(with_mask(mask, [=] { return select_among(count, {read, write, failed}, wait_ns); }));
}

int ppoll(struct pollfd* asked, nfds_t count, const struct timespec* timeout, const sigset_t* mask) {
    std::int64_t wait_ns;
    if (count > files::most_descriptors || !nanoseconds_of(timeout, wait_ns)) return libc::refuse(EINVAL);
    return libc::finish(with_mask(mask, [=] { return wait_for([=] { return look(asked, count); }, wait_ns); }));
}

} // extern "C"
