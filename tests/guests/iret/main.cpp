// SPDX-License-Identifier: MIT
// The iret hypercall: it returns to what the frame says, never to more than the guest may, and bad frames end the
// domain only.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

USER_CODE(flags_to_rax, "pushfq\n pop %rax\n syscall");
GUEST_CASE(interrupt_flag_is_always_on_for_real) {
    Frame registers{};
    registers.rflags = 0x2; // IF clear: events masked; the machine's own flag stays set
    const Trap trap = RUN_USER(flags_to_rax, &registers);
    EXPECT_EQ(trap.vector, syscall_vector);
    EXPECT(trap.frame.rax & 0x200);
}
GUEST_CASE(io_privilege_is_not_to_be_had) {
    Frame registers{};
    registers.rflags = 0x3202;
    const Trap trap = RUN_USER(flags_to_rax, &registers);
    EXPECT_EQ(trap.frame.rax & 0x3000, 0);
}
USER_CODE(just_break, "int3");
GUEST_CASE(registers_arrive) {
    Frame registers{};
    registers.rax = 1, registers.rbx = 2, registers.rcx = 3, registers.rdx = 4, registers.rsi = 5, registers.rdi = 6;
    registers.r8 = 8, registers.r11 = 11, registers.r15 = 15, registers.rbp = 16;
    const Trap trap = RUN_USER(just_break, &registers);
    EXPECT_EQ(trap.vector, breakpoint);
    const Frame& seen = trap.frame;
    EXPECT(seen.rax == 1 && seen.rbx == 2 && seen.rcx == 3 && seen.rdx == 4 && seen.rsi == 5 && seen.rdi == 6);
    EXPECT(seen.r8 == 8 && seen.r11 == 11 && seen.r15 == 15 && seen.rbp == 16);
}
GUEST_CASE(kernel_to_kernel) {
    volatile int reached = 0;
    const Trap trap = attempt([&] {
        asm volatile(
            "mov %%rsp, %%rax\n push %0\n push %%rax\n pushfq\n push %1\n lea 1f(%%rip), %%rax\n push %%rax\n push $0\n"
            "jmp hypercall_page + 23 * 32\n1:" ::"i"(FLAT_KERNEL_SS),
            "i"(FLAT_KERNEL_CS & ~3)
            : "rax", "memory", "cc");
        reached = 1;
    });
    EXPECT_EQ(trap.vector, no_trap);
    EXPECT_EQ(reached, 1);
}
GUEST_CASE(mask_follows_the_flag) {
    auto go = [](uint64_t flags) {
        asm volatile("mov %%rsp, %%rax\n push %0\n push %%rax\n push %2\n push %1\n lea 1f(%%rip), %%rax\n push "
                     "%%rax\n push $0\n"
                     "jmp hypercall_page + 23 * 32\n1:" ::"i"(FLAT_KERNEL_SS),
                     "i"(FLAT_KERNEL_CS & ~3), "r"(flags)
                     : "rax", "memory", "cc");
    };
    go(0x202);
    EXPECT_EQ(shared->vcpu_info[0].evtchn_upcall_mask, 0);
    go(0x2);
    EXPECT_EQ(shared->vcpu_info[0].evtchn_upcall_mask, 1);
}

// Each runs in a domain of its own, which may crash or trap to itself; the hypervisor and we live on.
static void iret_frame(uint64_t rip, uint64_t cs, uint64_t flags, uint64_t rsp, uint64_t ss) {
    asm volatile("push %4\n push %3\n push %2\n push %1\n push %0\n push $0\n jmp hypercall_page + 23 * 32" ::"r"(rip),
                 "r"(cs), "r"(flags), "r"(rsp), "r"(ss)
                 : "memory");
}
static void survive(void (*function)()) {
    static Peer peer;
    peer = {};
    REQUIRE_EQ(peer.create(function), 0);
    peer.unpause();
    EXPECT(wait_for([] { return peer.shutdown_reason() >= 0; }, 3000));
    EXPECT_EQ(peer.shutdown_reason(), SHUTDOWN_crash);
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(to_a_non_canonical_address) {
    survive([] { iret_frame(0x1000000000000000, FLAT_KERNEL_CS & ~3, 0x202, 0x1000, FLAT_KERNEL_SS); });
}
GUEST_CASE(to_the_hypervisors_code) {
    survive([] { iret_frame(0xffff82d040200000, 0xe008, 0x202, 0x1000, 0xe010); });
}
GUEST_CASE(to_user_mode_without_user_tables) {
    survive([] { iret_frame(0x400000, FLAT_USER_CS | 3, 0x202, 0x500000, FLAT_USER_SS | 3); });
}
GUEST_CASE(from_a_stack_that_is_not_there) {
    survive([] { asm volatile("mov $0x2000, %%rsp\n jmp hypercall_page + 23 * 32" ::: "memory"); });
}
GUEST_CASE(from_a_stack_in_the_hypervisor) {
    survive([] {
        asm volatile("mov %0, %%rsp\n jmp hypercall_page + 23 * 32" ::"r"(0xffff830000001000UL) : "memory");
    });
}
GUEST_CASE(with_wild_flags) {
    // VM, NT, VIF, VIP, RF, TF, IOPL 3: kept out or harmless; the frame's target then says goodbye.
    survive([] {
        iret_frame(reinterpret_cast<uint64_t>(static_cast<void (*)()>([] {
                       asm volatile("and $-16, %rsp");
                       shutdown(SHUTDOWN_crash);
                   })),
                   FLAT_KERNEL_CS & ~3, 0x1b7202 & ~0x100UL, reinterpret_cast<uint64_t>(alloc_page()) + 4096,
                   FLAT_KERNEL_SS);
    });
}
