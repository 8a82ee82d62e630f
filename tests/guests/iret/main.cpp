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
    EXPECT(wait_for([] { return peer.shutdown_reason() >= 0; }));
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
GUEST_CASE(to_segments_that_cannot_be_loaded) {
    // As if the kernel had executed the IRET of the machine itself: its handler of protection faults learns where it
    // wanted to go. Selectors: null, the hypervisor's own, none of a GDT, none of an LDT.
    constexpr uint64_t stack = user_stack_top - 64;
    struct Case {
        uint64_t cs, ss, error;
    };
    user_start();
    for (const auto [cs, ss, error] :
         {Case{FLAT_USER_CS, 0, 0}, Case{FLAT_USER_CS, 3, 0}, Case{3, FLAT_USER_SS, 0},
          Case{0xe00b, FLAT_USER_SS, 0xe008}, Case{FLAT_USER_CS, 0xe013, 0xe010}, Case{0x203, FLAT_USER_SS, 0x200},
          Case{FLAT_USER_CS, 0x203, 0x200}, Case{0x1007, FLAT_USER_SS, 0x1004}}) {
        const Trap trap = attempt([=] { iret_frame(user_base, cs, 0x202, stack, ss); });
        events_off();
        EXPECT_EQ(trap.vector, general_protection);
        EXPECT_EQ(trap.error, error);
        EXPECT_EQ(trap.frame.rip, user_base);
        EXPECT_EQ(trap.frame.rsp, stack);
        EXPECT_EQ(trap.frame.cs, cs | 3);
        EXPECT_EQ(trap.frame.ss, ss | 3);
    }
}
GUEST_CASE(the_kernels_own_selectors_are_checked_too) {
    static void* const stack = static_cast<uint8_t*>(alloc_page()) + 4096;
    const Trap trap = attempt([] { iret_frame(0x5000, 0xe008, 2, reinterpret_cast<uint64_t>(stack), FLAT_KERNEL_SS); });
    EXPECT_EQ(trap.vector, general_protection);
    EXPECT_EQ(trap.error, 0xe008);
    EXPECT_EQ(trap.frame.rip, 0x5000);
    EXPECT(!trap.frame.from_user());
}
GUEST_CASE(a_hypercall_in_the_last_bytes_of_the_lower_half) {
    // What follows it is not an address: SYSRET to it would fault with the hypervisor's rights. The kernel gets a
    // protection fault there, on its stack.
    uint64_t* table[4]; // [0] is the page itself, [3] hangs in the L4
    for (auto& page : table) page = static_cast<uint64_t*>(alloc_page());
    auto* code = reinterpret_cast<uint8_t*>(table[0]);
    code[4094] = 0x0f, code[4095] = 0x05;
    for (unsigned level = 1; level < 4; level++) {
        table[level][511] = entry(mfn_of(table[level - 1]), table_flags);
        REQUIRE_EQ(make_readonly(table[level]), 0);
    }
    REQUIRE_EQ(set_entry(&top_table()[255], entry(mfn_of(table[3]), table_flags)), 0);
    const Trap trap = attempt([] {
        asm volatile("jmp *%0" ::"r"(0x7ffffffffffeUL), "a"(__HYPERVISOR_xen_version), "D"(XENVER_version), "S"(0UL)
                     : "rcx", "r11", "memory");
    });
    EXPECT_EQ(trap.vector, general_protection);
    EXPECT_EQ(trap.error, 0);
    EXPECT_EQ(trap.frame.rip, 0x800000000000);
    EXPECT_EQ(trap.frame.rax, xen_version(XENVER_version, nullptr));
    EXPECT_EQ(set_entry(&top_table()[255], 0), 0);
}
