// SPDX-License-Identifier: MIT
#include "signal_queue.h"

#include <minios/memory.h>

#include <errno.h>

namespace minios::libc {

namespace {

constexpr unsigned most_queued = 128; // of all queues; POSIX: SIGQUEUE_MAX is at least 32
unsigned queued_from_heap;

bool needs_entry(const siginfo_t& info) { return info.si_signo >= SIGRTMIN || info.si_code == SI_QUEUE; }

/// What kill(), raise() and pthread_kill() of a standard signal say.
siginfo_t plain_info(int signal) {
    siginfo_t info{};
    info.si_signo = signal;
    info.si_code = SI_USER;
    info.si_pid = 1; // getpid()
    return info;
}

void free_entry(QueuedSignal& entry) {
    entry.queued = false;
    if (entry.of_timer) {
        entry.reported_overrun = entry.info.si_overrun;
        entry.info.si_overrun = 0;
        return;
    }
    --queued_from_heap;
    heap::destroy(&entry);
}

} // namespace

void SignalQueue::append(QueuedSignal& signal) {
    QueuedSignal** end = &first_;
    while (*end != nullptr) end = &(*end)->next;
    *end = &signal;
    signal.next = nullptr;
    signal.queued = true;
    queued_ |= bit_of(signal.info.si_signo);
}

void SignalQueue::count_again() {
    queued_ = 0;
    for (const QueuedSignal* at = first_; at != nullptr; at = at->next) queued_ |= bit_of(at->info.si_signo);
}

int SignalQueue::add(const siginfo_t& info) {
    const bool standard = info.si_signo < SIGRTMIN;
    if (standard && (set() & bit_of(info.si_signo)) != 0) return 0;
    if (!needs_entry(info)) {
        plain_ |= bit_of(info.si_signo);
        return 0;
    }
    auto* entry = queued_from_heap < most_queued ? heap::make<QueuedSignal>() : nullptr;
    if (entry == nullptr) return -EAGAIN;
    ++queued_from_heap;
    entry->info = info;
    append(*entry);
    return 0;
}

void SignalQueue::add(QueuedSignal& signal) { append(signal); }

bool SignalQueue::take(sigset_t wanted, siginfo_t& info) {
    const sigset_t there = set() & wanted;
    if (there == 0) return false;
    const int signal = __builtin_ctzl(there);
    if ((plain_ & bit_of(signal)) != 0) {
        plain_ &= ~bit_of(signal);
        info = plain_info(signal);
        return true;
    }
    QueuedSignal** at = &first_;
    while ((*at)->info.si_signo != signal) at = &(*at)->next;
    QueuedSignal& entry = **at;
    *at = entry.next;
    info = entry.info;
    free_entry(entry);
    count_again();
    return true;
}

void SignalQueue::discard(sigset_t unwanted) {
    siginfo_t info;
    while (take(unwanted, info)) {}
}

void SignalQueue::remove(QueuedSignal& signal) {
    for (QueuedSignal** at = &first_; *at != nullptr; at = &(*at)->next) {
        if (*at != &signal) continue;
        *at = signal.next;
        free_entry(signal);
        return count_again();
    }
}

} // namespace minios::libc
