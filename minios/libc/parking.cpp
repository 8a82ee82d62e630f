// SPDX-License-Identifier: MIT
#include "parking.h"

#include "waiting.h"

namespace minios::libc {

namespace {

/// Lives on the waiting thread's stack.
struct Waiter {
    const void* address;
    pthread_t thread;
    Waiter* next = nullptr;
    bool woken = false;
    WaitQueue queue{};
};

struct Line {
    Waiter* first;
    Waiter* last;
};

constexpr unsigned line_count = 64;
Line lines[line_count];

Line& line_of(const void* address) {
    const auto bits = reinterpret_cast<std::uintptr_t>(address);
    return lines[(bits >> 2 ^ bits >> 8 ^ bits >> 16) % line_count];
}

void append(Line& line, Waiter& waiter) {
    (line.last != nullptr ? line.last->next : line.first) = &waiter;
    line.last = &waiter;
}

/// Takes the first waiter for which `wanted` holds out of the line; nullptr: none.
template <class Wanted> Waiter* take(Line& line, Wanted wanted) {
    Waiter* before = nullptr;
    for (Waiter* at = line.first; at != nullptr; before = at, at = at->next) {
        if (!wanted(at)) continue;
        (before != nullptr ? before->next : line.first) = at->next;
        if (line.last == at) line.last = before;
        return at;
    }
    return nullptr;
}

} // namespace

int park(const void* address, std::uint64_t deadline_ns, Parking parking) {
    Line& line = line_of(address);
    Waiter self{address, this_thread().id};
    append(line, self);
    while (!self.woken) {
        const int error =
            wait_once(self.queue, deadline_ns, Restart::as_the_action_says, parking != Parking::until_unparked);
        if (self.woken || error == 0 || (error == -EINTR && parking != Parking::or_signalled)) continue;
        (void)take(line, [&](Waiter* at) { return at == &self; });
        return error;
    }
    return 0;
}

pthread_t unpark_one(const void* address) {
    Waiter* waiter = take(line_of(address), [=](Waiter* at) { return at->address == address; });
    if (waiter == nullptr) return 0;
    waiter->woken = true;
    waiter->queue.wake_one();
    return waiter->thread;
}

void unpark_all(const void* address) {
    while (unpark_one(address) != 0) {}
}

bool parked(const void* address) {
    for (const Waiter* at = line_of(address).first; at != nullptr; at = at->next)
        if (at->address == address) return true;
    return false;
}

} // namespace minios::libc

extern "C" {
#include "once.h"
void minios_park(const void* address) { (void)minios::libc::park(address); }
void minios_unpark_all(const void* address) { minios::libc::unpark_all(address); }
}
