// SPDX-License-Identifier: MIT
#include "posix_timers.h"

#include "result.h"
#include "signals.h"
#include "time_points.h"

#include <minios/memory.h>

#include <limits.h>

namespace minios::libc {

namespace {

constexpr int most_overruns = INT_MAX; // DELAYTIMER_MAX
/// What runs out more often than this leaves no time for anything else: the rest counts as overruns.
constexpr std::uint64_t shortest_pause_ns = 50'000;

timespec to_timespec(std::uint64_t ns) {
    return {static_cast<time_t>(ns / second_ns), static_cast<long>(ns % second_ns)};
}

void add_overruns(QueuedSignal& signal, unsigned more) {
    int& count = signal.info.si_overrun;
    count = more < static_cast<unsigned>(most_overruns - count) ? count + static_cast<int>(more) : most_overruns;
}

/// pthread_create() wants a function of another type.
struct Notification {
    void (*function)(sigval);
    sigval value;
};
void* run_notification(void* memory) {
    const Notification notification = *static_cast<Notification*>(memory);
    heap::release(memory);
    notification.function(notification.value);
    return nullptr;
}

} // namespace

void PosixTimer::set_event(const sigevent& event, int id) {
    event_ = event;
    if (event.sigev_notify == SIGEV_THREAD) {
        if (event.sigev_notify_attributes != nullptr)
            attributes_ = *event.sigev_notify_attributes; // the program may give its own back
        else
            (void)pthread_attr_init(&attributes_);
        attributes_.detachstate = PTHREAD_CREATE_DETACHED;
    }
    signal_ = {};
    signal_.of_timer = true;
    signal_.info.si_signo = event.sigev_signo;
    signal_.info.si_code = SI_TIMER;
    signal_.info.si_value = event.sigev_value;
    signal_.info.si_timerid = id;
}

void PosixTimer::set(std::uint64_t first_ns, std::uint64_t interval_ns) {
    timer_.cancel();
    deadline_ns_ = first_ns;
    interval_ns_ = interval_ns;
    if (first_ns != 0) timer_.set(first_ns);
}

void PosixTimer::stop() {
    set(0, 0);
    forget_timer_signal(signal_);
}

itimerspec PosixTimer::left() const {
    const std::uint64_t now = clock::now_ns();
    // One that is due and has not been looked at yet is not disarmed.
    const std::uint64_t left = !timer_.armed() ? 0 : deadline_ns_ > now ? deadline_ns_ - now : 1;
    return {to_timespec(interval_ns_), to_timespec(left)};
}

/// An event handler. Periods that have passed unnoticed count as overruns.
void PosixTimer::expired(void* context) {
    auto& self = *static_cast<PosixTimer*>(context);
    unsigned times = 1;
    if (self.interval_ns_ != 0) {
        const std::uint64_t now = clock::now_ns();
        const std::uint64_t periods = (now > self.deadline_ns_ ? now - self.deadline_ns_ : 0) / self.interval_ns_ + 1;
        times = periods < UINT_MAX ? static_cast<unsigned>(periods) : UINT_MAX;
        self.deadline_ns_ += periods * self.interval_ns_;
        const std::uint64_t soonest = now + shortest_pause_ns;
        self.timer_.set(self.deadline_ns_ > soonest ? self.deadline_ns_ : soonest);
    }
    self.notify(times);
}

void PosixTimer::notify(unsigned times) {
    if (event_.sigev_notify == SIGEV_THREAD) return start_thread(times);
    if (event_.sigev_notify != SIGEV_SIGNAL) return;
    if (signal_.queued) return add_overruns(signal_, times);
    if (post_timer_signal(signal_)) add_overruns(signal_, times - 1);
}

/// Without memory for a thread the expiration counts as an overrun of the next.
void PosixTimer::start_thread(unsigned times) {
    auto* notification = heap::make<Notification>();
    if (notification != nullptr) {
        *notification = {event_.sigev_notify_function, event_.sigev_value};
        pthread_t thread;
        if (start_pthread(&thread, &attributes_, run_notification, notification, ~sigset_t{0}) == 0) {
            signal_.reported_overrun = signal_.info.si_overrun;
            signal_.info.si_overrun = 0;
            return add_overruns(signal_, times - 1);
        }
        heap::destroy(notification);
    }
    add_overruns(signal_, times);
}

} // namespace minios::libc

using namespace minios;
using libc::PosixTimer;
using libc::refuse;

namespace {

constexpr int most_timers = 32; // POSIX's smallest TIMER_MAX

struct ClockTimer {
    PosixTimer timer;
    clockid_t clock;
};
ClockTimer* timers[most_timers];

/// timer_t counts from 1; nullptr: no such timer.
ClockTimer* find_timer(timer_t id) { return id >= 1 && id <= most_timers ? timers[id - 1] : nullptr; }

bool makes_sense(const sigevent& event) {
    switch (event.sigev_notify) {
    case SIGEV_NONE: return true;
    case SIGEV_SIGNAL: return libc::is_signal(event.sigev_signo);
    case SIGEV_THREAD: return event.sigev_notify_function != nullptr;
    default: return false;
    }
}

} // namespace

extern "C" {

int timer_create(clockid_t clock, struct sigevent* __restrict event, timer_t* __restrict id) {
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC) return refuse(EINVAL);
    if (event != nullptr && !makes_sense(*event)) return refuse(EINVAL);
    for (int i = 0; i < most_timers; ++i) {
        if (timers[i] != nullptr) continue;
        timers[i] = heap::make<ClockTimer>();
        if (timers[i] == nullptr) break;
        sigevent by_default{};
        by_default.sigev_notify = SIGEV_SIGNAL;
        by_default.sigev_signo = SIGALRM;
        by_default.sigev_value.sival_int = i + 1;
        timers[i]->clock = clock;
        timers[i]->timer.set_event(event != nullptr ? *event : by_default, i + 1);
        *id = static_cast<timer_t>(i) + 1;
        return 0;
    }
    return refuse(EAGAIN);
}

int timer_delete(timer_t id) {
    ClockTimer* found = find_timer(id);
    if (found == nullptr) return refuse(EINVAL);
    found->timer.stop();
    heap::destroy(found);
    timers[id - 1] = nullptr;
    return 0;
}

int timer_settime(timer_t id, int flags, const struct itimerspec* __restrict value, struct itimerspec* __restrict old) {
    ClockTimer* found = find_timer(id);
    if (found == nullptr || !libc::valid(value->it_value) || !libc::valid(value->it_interval)) return refuse(EINVAL);
    if (old != nullptr) *old = found->timer.left();
    const std::uint64_t first = libc::nanoseconds(value->it_value);
    const std::uint64_t deadline = first == 0                     ? 0
                                   : (flags & TIMER_ABSTIME) != 0 ? libc::system_deadline(found->clock, value->it_value)
                                                                  : clock::now_ns() + first;
    found->timer.set(deadline, libc::nanoseconds(value->it_interval));
    return 0;
}

int timer_gettime(timer_t id, struct itimerspec* value) {
    const ClockTimer* found = find_timer(id);
    if (found == nullptr) return refuse(EINVAL);
    *value = found->timer.left();
    return 0;
}

int timer_getoverrun(timer_t id) {
    const ClockTimer* found = find_timer(id);
    return found != nullptr ? found->timer.overrun() : refuse(EINVAL);
}

} // extern "C"
