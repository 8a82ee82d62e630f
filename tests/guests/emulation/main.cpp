// SPDX-License-Identifier: MIT
// Privileged instructions a PV kernel executes: emulated as the interface says, or a protection fault, never more.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

namespace {

struct Cpuid {
    uint32_t a, b, c, d;
};
// The prefix 0f 0b 78 65 6e ("ud2; xen") makes CPUID the hypervisor's.
Cpuid xen_cpuid(uint32_t leaf, uint32_t sub = 0) {
    Cpuid r{};
    asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e\n cpuid"
                 : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                 : "a"(leaf), "c"(sub));
    return r;
}

} // namespace

GUEST_CASE(cpuid_by_prefix_names_xen) {
    const Cpuid leaf = xen_cpuid(0x40000000);
    EXPECT(leaf.a >= 0x40000002);
    EXPECT_EQ(leaf.b, 0x566e6558); // "XenV"
    EXPECT_EQ(leaf.c, 0x65584d4d); // "MMXe"
    EXPECT_EQ(leaf.d, 0x4d4d566e); // "nVMM"
    const Cpuid version = xen_cpuid(0x40000001);
    EXPECT_EQ(version.a, xen_version(XENVER_version, nullptr));
}
GUEST_CASE(cpuid_by_prefix_hides_what_pv_cannot_have) {
    const Cpuid leaf = xen_cpuid(1);
    EXPECT_EQ(leaf.c & 1U << 5, 0); // VMX
    EXPECT_EQ(leaf.d & 1U << 3, 0); // PSE: no super pages
    EXPECT(leaf.d & 1U << 5);       // MSRs
    EXPECT(leaf.d & 1U << 6);       // PAE
    const Cpuid extended = xen_cpuid(0x80000001);
    EXPECT_EQ(extended.c & 1U << 2, 0); // SVM
    EXPECT(extended.d & 1U << 11);      // SYSCALL
    EXPECT(extended.d & 1U << 29);      // long mode
    const Cpuid seven = xen_cpuid(7);
    EXPECT_EQ(seven.b & (1U << 7 | 1U << 20), 0); // SMEP, SMAP
    EXPECT_EQ(seven.b & 1U << 10, 0);             // INVPCID
}
GUEST_CASE(cpuid_by_prefix_knows_the_width_of_addresses) {
    EXPECT_EQ(xen_cpuid(0x80000008).a >> 8 & 0xff, 48); // whatever the machine could with more levels of page tables
    EXPECT_EQ(xen_cpuid(0x40000005).b, 29);             // 512 MiB
    EXPECT_EQ(xen_cpuid(0x40000005, 1).b, 0);
}
GUEST_CASE(cpuid_by_prefix_hides_sysenter_of_amd) {
    const bool is_amd = xen_cpuid(0).c == 0x444d4163;
    EXPECT_EQ(xen_cpuid(1).d >> 11 & 1, !is_amd);
}
GUEST_CASE(the_prefix_alone_is_an_undefined_opcode) {
    EXPECT_EQ(attempt([] { asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e\n nop"); }).vector, invalid_opcode);
}
USER_CODE(user_prefix, ".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e\n mov $1, %eax\n cpuid\n syscall");
USER_CODE(user_xen_cpuid, "mov $0x40000000, %eax\n .byte 0x0f, 0x0b, 0x78, 0x65, 0x6e\n cpuid\n syscall");
GUEST_CASE(user_mode_may_ask_too) {
    EXPECT_EQ(RUN_USER(user_prefix).vector, invalid_opcode);
    const Trap trap = RUN_USER(user_xen_cpuid);
    EXPECT_EQ(trap.vector, syscall_vector);
    EXPECT_EQ(trap.frame.rbx, 0x566e6558);
}
GUEST_CASE(control_registers_read) {
    uint64_t cr0, cr2, cr3, cr4;
    EXPECT_EQ(attempt([&] { asm volatile("mov %%cr0, %0" : "=r"(cr0)); }).vector, no_trap);
    EXPECT(cr0 & 0x80000001);
    EXPECT_EQ(attempt([&] { asm volatile("mov %%cr2, %0" : "=r"(cr2)); }).vector, no_trap);
    EXPECT_EQ(attempt([&] { asm volatile("mov %%cr3, %0" : "=r"(cr3)); }).vector, no_trap);
    EXPECT_EQ(cr3, xen_pfn_to_cr3(mfn_of(top_table())));
    EXPECT_EQ(attempt([&] { asm volatile("mov %%cr4, %0" : "=r"(cr4)); }).vector, no_trap);
    EXPECT(cr4 & 0x20);
}
GUEST_CASE(cr0_allows_only_the_task_switch_bit) {
    uint64_t cr0;
    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    EXPECT_EQ(attempt([=] { asm volatile("mov %0, %%cr0" ::"r"(cr0 | 8)); }).vector, no_trap);
    uint64_t now;
    asm volatile("mov %%cr0, %0" : "=r"(now));
    EXPECT(now & 8);
    EXPECT_EQ(attempt([] { asm volatile("fninit"); }).vector, device_not_available);
    EXPECT_EQ(attempt([=] { asm volatile("mov %0, %%cr0" ::"r"(cr0 | 8)); }).vector, no_trap);
    EXPECT_EQ(attempt([] { asm volatile("clts"); }).vector, no_trap);
    EXPECT_EQ(attempt([] { asm volatile("fninit"); }).vector, no_trap);
    // Paging off, write protection off: not in this life.
    EXPECT_EQ(attempt([=] { asm volatile("mov %0, %%cr0" ::"r"(cr0 & ~0x80000000UL)); }).vector, general_protection);
    EXPECT_EQ(attempt([=] { asm volatile("mov %0, %%cr0" ::"r"(cr0 & ~0x10000UL)); }).vector, general_protection);
    void* page = alloc_page();
    make_readonly(page);
    EXPECT_EQ(try_write(page).vector, page_fault);
    make_writable(page);
}
GUEST_CASE(cr3_written_is_a_new_base) {
    uint64_t cr3;
    asm volatile("mov %%cr3, %0" : "=r"(cr3));
    EXPECT_EQ(attempt([=] { asm volatile("mov %0, %%cr3" ::"r"(cr3) : "memory"); }).vector, no_trap);
    EXPECT_EQ(attempt([] { asm volatile("mov %0, %%cr3" ::"r"(0x1000UL) : "memory"); }).vector, general_protection);
    EXPECT_EQ(attempt([] { asm volatile("mov %0, %%cr3" ::"r"(0xfffffffff000UL)
                                        : "memory"); }).vector,
              general_protection);
}
GUEST_CASE(cr4_keeps_what_the_hypervisor_needs) {
    uint64_t cr4, now;
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    EXPECT_EQ(attempt([=] { asm volatile("mov %0, %%cr4" ::"r"(cr4)); }).vector, no_trap);
    const Trap trap = attempt([=] { asm volatile("mov %0, %%cr4" ::"r"(cr4 & ~0x20UL)); }); // PAE off
    asm volatile("mov %%cr4, %0" : "=r"(now));
    EXPECT(trap.vector == general_protection || (now & 0x20));
    attempt([=] { asm volatile("mov %0, %%cr4" ::"r"(cr4 | 1UL << 13)); }); // VMXE
    asm volatile("mov %%cr4, %0" : "=r"(now));
    EXPECT_EQ(now & 1UL << 13, 0);
}
GUEST_CASE(cr8_and_missing_registers) {
    // CR8 is one of the machine's, CR1 is not.
    EXPECT_EQ(attempt([] {
                  uint64_t value;
                  asm volatile("mov %%cr8, %0" : "=r"(value));
              }).vector,
              general_protection);
    EXPECT(attempt([] { asm volatile(".byte 0x0f, 0x20, 0xc8"); }).vector != no_trap); // cr1
}
GUEST_CASE(msr_efer) {
    uint64_t efer = 0;
    EXPECT_EQ(attempt([&] { efer = read_msr(0xc0000080); }).vector, no_trap);
    EXPECT_EQ(efer & 0x500, 0x500); // LME, LMA
    EXPECT_EQ(efer & 1UL << 12, 0); // SVME is not shown
    attempt([=] { write_msr(0xc0000080, 0); });
    EXPECT_EQ(read_msr(0xc0000080) & 0x500, 0x500);
}
GUEST_CASE(msrs_of_the_hypervisor_stay) {
    // LSTAR, STAR, SYSENTER: a write is ignored or faults; hypercalls and system calls go on as before.
    for (const uint32_t msr :
         {0xc0000081U, 0xc0000082U, 0xc0000083U, 0xc0000084U, 0x174U, 0x175U, 0x176U, 0xc0010117U, 0x1bU, 0x277U})
        attempt([=] { write_msr(msr, 0x1234); });
    EXPECT(xen_version(XENVER_version, nullptr) > 0);
    EXPECT_EQ(try_read(reinterpret_cast<void*>(0xffff830000000000)).vector, page_fault);
}
GUEST_CASE(msrs_that_are_not) {
    EXPECT_EQ(attempt([] { read_msr(0xdeadbeef); }).vector, general_protection);
}
GUEST_CASE(interrupt_flag_instructions) {
    // cli and sti fault or do nothing; the real flag is never touched.
    const Trap cli = attempt([] { asm volatile("cli"); });
    EXPECT(cli.vector == general_protection || cli.vector == no_trap);
    const Trap sti = attempt([] { asm volatile("sti"); });
    EXPECT(sti.vector == general_protection || sti.vector == no_trap);
    uint64_t flags;
    asm volatile("pushf\n pop %0" : "=r"(flags));
    EXPECT(flags & 0x200);
    asm volatile("push %0\n popf" ::"r"(0x2UL) : "cc");
    asm volatile("pushf\n pop %0" : "=r"(flags));
    EXPECT(flags & 0x200);
}
GUEST_CASE(halt_waits_for_an_event) {
    const long port = bind_virq(VIRQ_TIMER, 0);
    REQUIRE(port > 0);
    event_count[port] = 0;
    events_on();
    hypercall(__HYPERVISOR_set_timer_op, system_time() + 50000000);
    const Trap trap = attempt([] { asm volatile("hlt"); });
    EXPECT(trap.vector == no_trap || trap.vector == general_protection);
    events_off();
    close_port(static_cast<unsigned>(port));
}
GUEST_CASE(cache_instructions) {
    EXPECT_EQ(attempt([] { asm volatile("wbinvd" ::: "memory"); }).vector, no_trap);
}
GUEST_CASE(instructions_that_fault) {
    static const struct [[gnu::packed]] {
        uint16_t limit;
        uint64_t base;
    } descriptor = {0xfff, 0};
    EXPECT_EQ(attempt([] { asm volatile("lgdt %0" ::"m"(descriptor)); }).vector, general_protection);
    EXPECT_EQ(attempt([] { asm volatile("lidt %0" ::"m"(descriptor)); }).vector, general_protection);
    EXPECT_EQ(attempt([] { asm volatile("lldt %w0" ::"r"(0)); }).vector, general_protection);
    EXPECT_EQ(attempt([] { asm volatile("ltr %w0" ::"r"(0)); }).vector, general_protection);
    EXPECT_EQ(attempt([] { asm volatile("invd" ::: "memory"); }).vector, general_protection);
    EXPECT_EQ(attempt([] { asm volatile("swapgs"); }).vector, general_protection);
    EXPECT_EQ(attempt([] { asm volatile("sysretq" ::: "rcx", "r11"); }).vector, general_protection);
    EXPECT_EQ(attempt([] { asm volatile("lmsw %w0" ::"r"(0)); }).vector, general_protection);
    EXPECT_EQ(attempt([] { asm volatile("lmsw %w0" ::"r"(0x33)); }).vector, general_protection); // what it is already
    EXPECT(attempt([] { asm volatile("vmcall"); }).vector != no_trap);
    EXPECT(attempt([] { asm volatile("vmrun %%rax" ::"a"(0UL)); }).vector != no_trap);
}
GUEST_CASE(invlpg_instruction) {
    // There is a hypercall for it.
    EXPECT_EQ(attempt([] { asm volatile("invlpg (%0)" ::"r"(window(0)) : "memory"); }).vector, general_protection);
}
GUEST_CASE(registers_that_the_machine_does_not_have_are_undefined) {
    EXPECT_EQ(attempt([] { asm volatile(".byte 0x44, 0x0f, 0x21, 0xc0"); }).vector, invalid_opcode); // dr8
    EXPECT_EQ(attempt([] { asm volatile(".byte 0xf0, 0x0f, 0x20, 0xc0"); }).vector, invalid_opcode); // lock mov cr0
    // Extended states have not been enabled in CR4.
    EXPECT_EQ(attempt([] { asm volatile("xsetbv" ::"a"(1), "c"(0), "d"(0)); }).vector, invalid_opcode);
}
GUEST_CASE(alignment_checks_can_be_had) {
    uint64_t cr0;
    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    EXPECT(cr0 & 1 << 18); // the guest cannot set it, so it is set
}
GUEST_CASE(time_stamp_counter) {
    const uint64_t first = read_tsc();
    spin(1000);
    EXPECT(read_tsc() > first);
}
GUEST_CASE(first_domain_reaches_harmless_ports) {
    // The CMOS clock and the PCI configuration ports belong to a first domain.
    EXPECT_EQ(attempt([] { asm volatile("outb %%al, $0x80" ::"a"(0)); }).vector,
              general_protection); // not without I/O privilege
    physdev_set_iopl call{1};
    EXPECT_EQ(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call), 0);
    EXPECT_EQ(attempt([] { asm volatile("outb %%al, $0x80" ::"a"(0)); }).vector, no_trap);
    uint32_t value = 0;
    EXPECT_EQ(
        attempt([&] {
            asm volatile(
                "mov $0xcf8, %%dx\n mov $0x80000000, %%eax\n outl %%eax, %%dx\n mov $0xcfc, %%dx\n inl %%dx, %%eax"
                : "=a"(value)::"rdx");
        }).vector,
        no_trap);
    EXPECT_EQ(value & 0xffff, 0x8086); // QEMU's host bridge
    call.iopl = 4;
    EXPECT_EQ(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call), einval);
    call.iopl = 0;
    EXPECT_EQ(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call), 0);
}
GUEST_CASE(string_io) {
    physdev_set_iopl call{1};
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call);
    static uint8_t buffer[4] = {9, 9, 9, 9};
    const Trap trap = attempt([] {
        asm volatile("mov $0x71, %%dx\n mov $2, %%ecx\n rep insb" ::"D"(buffer) : "rcx", "rdx", "memory");
    });
    EXPECT_EQ(trap.vector, no_trap);
    // Into the hypervisor: a fault to us, not a write.
    const Trap wild = attempt([] {
        asm volatile("mov $0x71, %%dx\n insb" ::"D"(0xffff830000000000UL) : "rdx", "memory");
    });
    EXPECT(wild.vector == page_fault || wild.vector == general_protection);
    call.iopl = 0;
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call);
}
