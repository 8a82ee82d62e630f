// SPDX-License-Identifier: MIT
// Random instructions in user mode, 64-bit and 32-bit, with and without I/O privilege: whatever they are, the kernel gets
// a trap or an event, and the hypervisor lives on.
#include "lib/guest.h"

#include <initializer_list>
#include <xen/callback.h>

using namespace skerry::guest;

namespace {

constexpr uint64_t code32 = 0xe023;
constexpr unsigned rounds = 4000, length = 24;
uint64_t state = 0x9e3779b97f4a7c15;

uint64_t random() {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

// Half of it system instructions and prefixes, which reach the hypervisor more often than chance would have it.
void fill(uint8_t* code) {
    static constexpr uint8_t likely[] = {0x0f, 0x01, 0x0b, 0x78, 0x65, 0x6e, 0xa2, 0x05, 0x34, 0x35, 0x07, 0xcd, 0x80,
                                         0x82, 0xcc, 0xce, 0xf1, 0xfa, 0xfb, 0xf4, 0x30, 0x32, 0x33, 0x31, 0x20, 0x22,
                                         0x21, 0x23, 0xe4, 0xe6, 0xec, 0xee, 0x6c, 0x6e, 0x6f, 0x66, 0x67, 0xf0, 0xf2,
                                         0xf3, 0x48, 0x4c, 0x9a, 0xca, 0xcb, 0x8e, 0x0f, 0xb2, 0xb4, 0xb5, 0x9d, 0x9c,
                                         0xae, 0x00, 0xc7, 0x06, 0x08, 0x09, 0xd0, 0xd1, 0xf8, 0xf9, 0xff, 0x2e};
    constexpr uint8_t interrupt_return = 0xcf; // with the right stack, QEMU 7.2 enters virtual-8086 mode
    for (unsigned i = 0; i < length; i++) {
        code[i] = random() & 1 ? likely[random() % sizeof likely] : static_cast<uint8_t>(random());
        if (code[i] == interrupt_return) code[i] = 0xcc;
    }
}

bool leave_user_mode(Frame& frame) {
    handle_events();
    if (!frame.from_user()) return true;
    restore_point(&current_attempt[0]->point);
}

// What came, by its first two digits, so that a change shows.
uint64_t traps_seen[262];

void run(bool narrow, unsigned level) {
    user_start();
    const TrapHandler former = set_trap_handler(event_vector, leave_user_mode);
    const long port = bind_virq(VIRQ_TIMER, 0);
    unmask_port(static_cast<unsigned>(port));
    vcpu_set_periodic_timer period{2000000}; // ends loops
    vcpu_op(VCPUOP_set_periodic_timer, 0, &period);
    physdev_set_iopl iopl{level};
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl);
    for (unsigned i = 0; i < rounds; i++) {
        fill(user_page(0));
        memset(user_page(0) + length, 0xcc, 16);
        const Trap trap = attempt([=] {
            static Frame frame;
            frame = {};
            for (uint64_t* word = &frame.r15; word <= &frame.rdx; word++)
                *word = random() & 3 ? user_base + random() % 0x10000 : random();
            frame.rdx = random() & 1 ? 0x80 : frame.rdx; // a port
            frame.rax = random();
            frame.rcx = random() % 3;
            frame.rip = user_base;
            frame.cs = narrow ? code32 : FLAT_USER_CS | 3;
            frame.rflags = 0x202 | (random() & (random() & 3 ? 0 : 0x244dd5)); // now and then TF, NT, AC, DF, ID
            frame.rsp = user_stack_top - 2048;
            frame.ss = FLAT_USER_SS | 3;
            resume_from(&frame);
        });
        events_off();
        traps_seen[trap.vector < 0 ? 261 : trap.vector]++;
    }
    vcpu_op(VCPUOP_stop_periodic_timer, 0, nullptr);
    close_port(static_cast<unsigned>(port));
    set_trap_handler(event_vector, former);
    iopl.iopl = 0;
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl);
    EXPECT(xen_version(XENVER_version, nullptr) > 0);
    EXPECT(traps_seen[invalid_opcode] > 0 && traps_seen[general_protection] > 0 && traps_seen[page_fault] > 0);
}
void register_all_callbacks() {
    for (const uint16_t type : {CALLBACKTYPE_syscall32, CALLBACKTYPE_sysenter}) {
        callback_register call{
            type, 0,
            reinterpret_cast<xen_callback_t>(type == CALLBACKTYPE_sysenter ? &sysenter_entry : &syscall_entry)};
        hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, &call);
    }
}

} // namespace

GUEST_CASE(wide) { run(false, 0); }
GUEST_CASE(narrow) { run(true, 0); }
GUEST_CASE(wide_with_system_calls) {
    register_all_callbacks();
    run(false, 0);
}
GUEST_CASE(narrow_with_system_calls) {
    register_all_callbacks();
    run(true, 0);
}
