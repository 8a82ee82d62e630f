// SPDX-License-Identifier: MIT
// poll and select: look at every file, and wait until some driver says that something changed.
#include "result.h"
#include "time_points.h"

#include <minios/clock.h>
#include <minios/files.h>

#include <poll.h>
#include <signal.h>
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

/// Calls `attempt` until it says more than 0, or `wait_ns` (negative: no limit) have passed.
template <class Attempt> int wait_for(Attempt attempt, std::int64_t wait_ns) {
    const std::uint64_t deadline = wait_ns < 0 ? 0 : clock::now_ns() + static_cast<std::uint64_t>(wait_ns);
    threads::yield(); // who polls in a loop must let others run
    for (;;) {
        const int ready = attempt();
        if (ready != 0 || wait_ns == 0) return ready;
        if (!files::wait_readiness(deadline)) return attempt();
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

} // namespace

extern "C" {

int poll(struct pollfd* files, nfds_t count, int timeout_ms) {
    return wait_for([=] { return look(files, count); }, timeout_ms < 0 ? -1 : timeout_ms * std::int64_t{1'000'000});
}

int select(int count, fd_set* read, fd_set* write, fd_set* failed, struct timeval* timeout) {
    std::int64_t wait_ns = -1;
    if (timeout != nullptr) {
        if (timeout->tv_sec < 0 || timeout->tv_usec < 0) return libc::refuse(EINVAL);
        wait_ns = timeout->tv_sec * std::int64_t{1'000'000'000} + timeout->tv_usec * std::int64_t{1000};
    }
    return libc::posix_result(select_among(count, {read, write, failed}, wait_ns));
}

int pselect(int count, fd_set* read, fd_set* write, fd_set* failed, const struct timespec* timeout,
            const sigset_t* mask) {
    std::int64_t wait_ns = -1;
    if (timeout != nullptr) {
        if (!libc::valid(*timeout)) return libc::refuse(EINVAL);
        wait_ns = timeout->tv_sec * std::int64_t{1'000'000'000} + timeout->tv_nsec;
    }
    if (mask == nullptr) return libc::posix_result(select_among(count, {read, write, failed}, wait_ns));
    // Signals come only from the thread itself: those that wait behind its mask come now, and no others while it waits.
    sigset_t pending, before;
    sigpending(&pending);
    pthread_sigmask(SIG_SETMASK, mask, &before);
    const int result = (pending & ~*mask) != 0 ? -EINTR : select_among(count, {read, write, failed}, wait_ns);
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return libc::posix_result(result);
}

} // extern "C"
