// SPDX-License-Identifier: MIT
#include "lib/traps.h"

#include "lib/guest.h"

extern "C" char stacks_end_of_vcpu0[], stacks_end_of_vcpu1[];
extern "C" {
uint64_t failsafe_selectors[4];
}

namespace skerry::guest {

Attempt* current_attempt[2];
static TrapHandler handlers[262];

int this_vcpu() {
    const char* here = static_cast<const char*>(__builtin_frame_address(0));
    return here > stacks_end_of_vcpu0 && here <= stacks_end_of_vcpu1 ? 1 : 0;
}

TrapHandler set_trap_handler(int vector, TrapHandler handler) {
    const TrapHandler former = handlers[vector];
    handlers[vector] = handler;
    return former;
}

void install_traps() {
    static trap_info table[33];
    unsigned n = 0;
    for (unsigned vector = 0; vector < 32; vector++) {
        if (vector == 2 || vector == 15) continue;
        const bool from_user = vector == 3 || vector == 4;
        table[n++] = {static_cast<uint8_t>(vector), static_cast<uint8_t>(from_user ? 3 : 0), FLAT_KERNEL_CS,
                      trap_entries[vector]};
    }
    table[n] = {};
    hypercall(__HYPERVISOR_set_trap_table, table);
    hypercall(__HYPERVISOR_set_callbacks, &event_entry, &failsafe_entry, &syscall_entry);
}

extern "C" void guest_dispatch(Frame* frame) {
    const int vector = static_cast<int>(frame->vector);
    // Read before anything else can fault and change it.
    const uint64_t cr2 = vector == page_fault ? shared->vcpu_info[this_vcpu()].arch.cr2 : 0;
    if (handlers[vector] != nullptr && handlers[vector](*frame)) return;
    if (vector == event_vector) return handle_events();
    if (Attempt* attempt = current_attempt[this_vcpu()]; attempt != nullptr) {
        attempt->trap = {vector, frame->error, cr2, *frame};
        restore_point(&attempt->point);
    }
    print("verdict: broken unexpected trap %d error %lx rip %lx rsp %lx cs %lx cr2 %lx\n", vector, frame->error,
          frame->rip, frame->rsp, frame->cs, cr2);
    shutdown(SHUTDOWN_crash);
}

} // namespace skerry::guest
