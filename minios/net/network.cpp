// SPDX-License-Identifier: MIT
#include "network.h"

#include <minios/threads.h>

#include <lwip/tcpip.h>

namespace minios::net {

void start() {
    static WaitQueue waiting;
    static enum { not_yet, starting, runs } state = not_yet;
    if (state == not_yet) {
        state = starting;
        tcpip_init(
            [](void*) {
                state = runs;
                waiting.wake_all();
            },
            nullptr);
    }
    wait_until(waiting, [] { return state == runs; });
}

} // namespace minios::net
