// SPDX-License-Identifier: MIT
#include "network.h"

#include <minios/memory.h>
#include <minios/threads.h>

#include <lwip/tcpip.h>

namespace minios::net {

namespace {

/// lwIP cannot be told that there is no memory to start with: this looks before. Nobody else runs until it has begun.
bool is_memory_for_start() {
    constexpr std::size_t for_objects = 24 * 1024; // the largest is the mailbox of TCPIP_MBOX_SIZE pointers
    constexpr std::uint64_t for_tables = 8;
    void* probe = heap::allocate(for_objects);
    const bool enough = probe != nullptr && frames::free_count() >= TCPIP_THREAD_STACKSIZE / page_size + for_tables;
    heap::release(probe);
    return enough;
}

} // namespace

bool start() {
    static WaitQueue waiting;
    static enum { not_yet, starting, runs } state = not_yet;
    if (state == not_yet) {
        if (!is_memory_for_start()) return false;
        state = starting;
        tcpip_init(
            [](void*) {
                state = runs;
                waiting.wake_all();
            },
            nullptr);
    }
    wait_until(waiting, [] { return state == runs; });
    return true;
}

} // namespace minios::net
