// SPDX-License-Identifier: MIT
// The vCPU's time page (vcpu_time_info: version, TSC at last update, scale) and the timer queue.
#include "internal.h"

namespace minios::clock {

namespace {

std::uint64_t read_tsc() {
    std::uint32_t low, high;
    asm volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return std::uint64_t{high} << 32 | low;
}

std::uint64_t scale(std::uint64_t ticks, std::uint32_t multiplier, std::int8_t shift) {
    ticks = shift >= 0 ? ticks << shift : ticks >> -shift;
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(ticks) * multiplier) >> 32);
}

std::uint64_t entry_tsc;

} // namespace

void note_entry() { entry_tsc = read_tsc(); }

std::uint64_t now_ns() {
    const volatile vcpu_time_info_t& time = minios_shared_info.vcpu_info[0].time;
    for (;;) {
        const std::uint32_t version = time.version;
        asm volatile("" ::: "memory");
        const std::uint64_t since = read_tsc() - time.tsc_timestamp;
        const std::uint64_t now = time.system_time + scale(since, time.tsc_to_system_mul, time.tsc_shift);
        asm volatile("" ::: "memory");
        if ((version & 1) == 0 && version == time.version) return now;
    }
}

std::uint64_t since_entry_ns() {
    const volatile vcpu_time_info_t& time = minios_shared_info.vcpu_info[0].time;
    return scale(read_tsc() - entry_tsc, time.tsc_to_system_mul, time.tsc_shift);
}

std::uint64_t wall_ns() {
    const volatile shared_info_t& shared = minios_shared_info;
    for (;;) {
        const std::uint32_t version = shared.wc_version;
        asm volatile("" ::: "memory");
        const std::uint64_t seconds = std::uint64_t{shared.xen_wc_sec_hi} << 32 | shared.wc_sec;
        const std::uint64_t base = seconds * 1'000'000'000 + shared.wc_nsec;
        asm volatile("" ::: "memory");
        if ((version & 1) == 0 && version == shared.wc_version) return base + now_ns();
    }
}

} // namespace minios::clock

namespace minios::clock {

/// Armed timers, earliest first.
struct TimerQueue {
    static inline Timer* first;

    static void insert(Timer& timer) {
        Timer** at = &first;
        while (*at != nullptr && (*at)->deadline_ <= timer.deadline_) at = &(*at)->next_;
        timer.next_ = *at;
        *at = &timer;
        timer.armed_ = true;
    }
    static void remove(Timer& timer) {
        for (Timer** at = &first; *at != nullptr; at = &(*at)->next_) {
            if (*at == &timer) {
                *at = timer.next_;
                break;
            }
        }
        timer.armed_ = false;
    }
    static std::uint64_t run() {
        while (first != nullptr && first->deadline_ <= now_ns()) {
            Timer& timer = *first;
            remove(timer);
            timer.callback_(timer.context_);
        }
        return first != nullptr ? first->deadline_ : 0;
    }
};

void Timer::set(std::uint64_t deadline_ns) {
    cancel();
    deadline_ = deadline_ns;
    TimerQueue::insert(*this);
}

void Timer::cancel() {
    if (armed_) TimerQueue::remove(*this);
}

std::uint64_t run_timers() { return TimerQueue::run(); }

void sleep_ns(std::uint64_t duration) {
    WaitQueue nobody;
    (void)nobody.wait(now_ns() + duration);
}

} // namespace minios::clock
