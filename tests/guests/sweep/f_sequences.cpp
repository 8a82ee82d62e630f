// SPDX-License-Identifier: MIT
// What one operation makes of what others left: a grant's mapping ended part by part, entries changed under it, far
// calls through tables that are not there, breakpoints in the shadow of a stack load, features switched on and off.
#include "sweep/sweep.h"

#include <initializer_list>

using namespace skerry::guest;

namespace {

constexpr unsigned reference = 40, other_reference = 41;
uint8_t* granted;

gnttab_map_grant_ref mapped_at(unsigned slot, unsigned flags, unsigned from = reference) {
    gnttab_map_grant_ref call{};
    call.host_addr = reinterpret_cast<uint64_t>(window(slot));
    if (flags & GNTMAP_contains_pte) call.host_addr = machine_of(l1_entry(window(slot)));
    call.flags = flags;
    call.ref = from;
    if (grant_op(GNTTABOP_map_grant_ref, &call, 1) != 0) call.status = 99;
    return call;
}
// The entry of a window's slot: its flags (but for the global one), and whether it leads to the granted page.
long entry_at(unsigned slot) {
    const uint64_t value = *l1_entry(window(slot));
    return static_cast<long>((value & ~frame_mask & ~pte_global) | (entry_mfn(value) == mfn_of(granted) ? 0x1000 : 0));
}
// One step at the end of a mapping: h(ost), d(evice), b(oth), n(either), w(rong device address), a(nother address),
// r(eplaced by the next slot), z(ero new address).
long step(char what, unsigned slot, const gnttab_map_grant_ref& mapping) {
    const uint64_t host = mapping.host_addr, device = machine_of(granted);
    if (what == 'r' || what == 'z') {
        gnttab_unmap_and_replace call{host, what == 'r' ? reinterpret_cast<uint64_t>(window(slot + 1)) : 0,
                                      mapping.handle, 99};
        return grant_op(GNTTABOP_unmap_and_replace, &call, 1) * 1000 + call.status;
    }
    gnttab_unmap_grant_ref call{what == 'h' || what == 'b' ? host
                                : what == 'a'              ? host + (mapping.flags & GNTMAP_contains_pte ? 8 : 4096)
                                                           : 0,
                                what == 'd' || what == 'b' ? device
                                : what == 'w'              ? device + 4096
                                                           : 0,
                                mapping.handle, 99};
    return grant_op(GNTTABOP_unmap_grant_ref, &call, 1) * 1000 + call.status;
}

} // namespace

GUEST_CASE(grant_mappings_by_parts) {
    REQUIRE(grant_table() != nullptr);
    granted = static_cast<uint8_t*>(alloc_page());
    offer(reference, 0, mfn_of(granted));
    for (const unsigned flags : std::initializer_list<unsigned>{
             GNTMAP_host_map, GNTMAP_device_map, GNTMAP_host_map | GNTMAP_device_map, GNTMAP_host_map | GNTMAP_readonly,
             GNTMAP_device_map | GNTMAP_readonly, GNTMAP_host_map | GNTMAP_device_map | GNTMAP_readonly,
             GNTMAP_host_map | GNTMAP_contains_pte, GNTMAP_host_map | GNTMAP_application_map,
             GNTMAP_host_map | (3u << 16), GNTMAP_host_map | GNTMAP_readonly | (5u << 16)}) {
        for (const char* steps : {"hd", "dh", "b", "nb", "wb", "ab", "hhd", "ddh", "hb", "db", "rb", "zb"}) {
            window_unmap(64);
            window_map(65, 0);
            Row row("grant parts", flags);
            const gnttab_map_grant_ref mapping = mapped_at(64, flags);
            row.add(steps, mapping.status)
                .add(".bus", mapping.dev_bus_addr == machine_of(granted))
                .add(".entry", entry_at(64))
                .add(".uses", grant_table()[reference].flags);
            for (const char* what = steps; *what; what++) {
                const char key[] = {'.', *what, 0};
                row.add(key, step(*what, 64, mapping))
                    .add(".entry", entry_at(64))
                    .add(".next", entry_at(65))
                    .add(".uses", grant_table()[reference].flags);
            }
        }
    }
    window_unmap(64);
    window_unmap(65);
}
GUEST_CASE(grant_mappings_changed) {
    granted = static_cast<uint8_t*>(alloc_page());
    offer(reference, 0, mfn_of(granted));
    static uint8_t* const other = static_cast<uint8_t*>(alloc_page());
    for (const unsigned flags : std::initializer_list<unsigned>{GNTMAP_host_map, GNTMAP_host_map | GNTMAP_readonly}) {
        const struct {
            const char* name;
            uint64_t value;
        } entries[] = {{"absent", 0},
                       {"readonly", entry(mfn_of(granted), page_flags & ~pte_write)},
                       {"writable", entry(mfn_of(granted), page_flags)},
                       {"for_kernel", entry(mfn_of(granted), page_flags & ~pte_user)},
                       {"uncached", entry(mfn_of(granted), page_flags | pte_pcd)},
                       {"no_execute", entry(mfn_of(granted), page_flags | pte_nx)},
                       {"available", entry(mfn_of(granted), page_flags | 1 << 10)},
                       {"clean", entry(mfn_of(granted), page_flags & ~(pte_accessed | pte_dirty))},
                       {"another", entry(mfn_of(other), page_flags)}};
        for (const auto& changed : entries) {
            window_unmap(64);
            Row row("grant changed", flags);
            const gnttab_map_grant_ref mapping = mapped_at(64, flags);
            row.add(changed.name, mapping.status);
            row.add(".change", set_mapping(window(64), changed.value)).add(".entry", entry_at(64));
            row.add(".end", step('h', 64, mapping))
                .add(".entry", entry_at(64))
                .add(".uses", grant_table()[reference].flags);
            // What is left is ended when the entry is as it was made; then over an entry that is there.
            set_mapping(window(64),
                        entry(mfn_of(granted), flags & GNTMAP_readonly ? page_flags & ~pte_write : page_flags));
            row.add(".last", step('h', 64, mapping)).add(".uses", grant_table()[reference].flags);
            window_map(64, changed.value);
            const gnttab_map_grant_ref over = mapped_at(64, flags);
            row.add(".over", entry_at(64)).add(".over_end", step('h', 64, over)).add(".entry", entry_at(64));
        }
    }
    window_unmap(64);
    // Two mappings, of which one takes the other's place, as a test for an old hole in it does.
    offer(other_reference, 0, mfn_of(other));
    Row row("grant replaced");
    const gnttab_map_grant_ref first = mapped_at(66, GNTMAP_host_map),
                               second = mapped_at(67, GNTMAP_host_map | GNTMAP_readonly, other_reference);
    gnttab_unmap_and_replace replace{second.host_addr, first.host_addr, second.handle, 99};
    row.add("replace", grant_op(GNTTABOP_unmap_and_replace, &replace, 1)).add(".status", replace.status);
    row.add(".first", entry_at(66)).add(".second", entry_at(67));
    row.add("readonly", set_mapping(window(66), entry(mfn_of(granted), page_flags & ~pte_write)));
    row.add("unmap", step('h', 66, first)).add(".first", entry_at(66));
    gnttab_map_grant_ref moved = first;
    moved.host_addr = second.host_addr;
    row.add("moved", step('h', 67, moved)).add(".second", entry_at(67));
    for (const unsigned entry : {reference, other_reference}) row.add("uses", grant_table()[entry].flags);
    window_unmap(66);
    window_unmap(67);
}

// Faults of user code by the segment of the register that the address is in.
USER_CODE(by_rax, "mov %rdi, %rax\n mov (%rax), %eax\n ud2");
USER_CODE(by_rbp, "mov %rdi, %rbp\n mov (%rbp), %eax\n ud2");
USER_CODE(by_rsp, "mov %rdi, %rsp\n mov (%rsp), %eax\n ud2");
USER_CODE(by_push, "mov %rdi, %rsp\n push %rax\n ud2");
USER_CODE(by_fs, "mov %rdi, %rax\n mov %fs:(%rax), %eax\n ud2");
USER_CODE(by_gs_rbp, "mov %rdi, %rbp\n mov %gs:(%rbp), %eax\n ud2");
USER_CODE(by_jump, "jmp *%rdi");
USER_CODE(by_call, "call *%rdi");
USER_CODE(by_return, "push %rdi\n ret");
USER_CODE(by_string, "mov %rdi, %rsi\n mov %rsp, %rdi\n cld\n movsb\n ud2");
USER_CODE(by_store, "movb $1, (%rdi)\n ud2");
USER_CODE(by_far_call, "push %rdi\n movq $0x400000, -8(%rsp)\n rex.W lcall *-8(%rsp)\n ud2");
USER_CODE(by_far_jump, "push %rdi\n movq $0x400000, -8(%rsp)\n rex.W ljmp *-8(%rsp)\n ud2");
USER_CODE(by_far_return, "push %rdi\n push $0x400000\n lretq");
USER_CODE(by_iret, "mov %rsp, %rax\n push $0xe02b\n push %rax\n push $0x202\n push %rdi\n push $0x400000\n iretq");
GUEST_CASE(faults_of_users) {
    user_start();
    const struct {
        const char *name, *code, *end;
        bool is_of_selector;
    } ways[] = {{"rax", by_rax, by_rax_end, false},
                {"rbp", by_rbp, by_rbp_end, false},
                {"rsp", by_rsp, by_rsp_end, false},
                {"push", by_push, by_push_end, false},
                {"fs", by_fs, by_fs_end, false},
                {"gs_rbp", by_gs_rbp, by_gs_rbp_end, false},
                {"jump", by_jump, by_jump_end, false},
                {"call", by_call, by_call_end, false},
                {"return", by_return, by_return_end, false},
                {"string", by_string, by_string_end, false},
                {"store", by_store, by_store_end, false},
                {"far call", by_far_call, by_far_call_end, true},
                {"far jump", by_far_jump, by_far_jump_end, true},
                {"far return", by_far_return, by_far_return_end, true},
                {"iret", by_iret, by_iret_end, true}};
    for (const auto& way : ways) {
        Row row("user access by", way.name);
        const auto run = [&](uint64_t value) {
            static Frame registers;
            registers = {};
            registers.rdi = value;
            const Trap trap = run_user(way.code, way.end, &registers);
            row.trap(value, trap).add(".rsp", static_cast<long>(trap.frame.rsp - user_stack_top));
            if (trap.vector == page_fault) row.add(".cr2", static_cast<long>(trap.cr2));
            row.add(".cs", static_cast<long>(trap.frame.cs)).add(".ss", static_cast<long>(trap.frame.ss));
        };
        if (way.is_of_selector)
            for (const uint64_t selector : {0UL, 3UL, 4UL, 7UL, 0x1007UL, 0x1000UL, 0xe008UL, 0xe010UL, 0xe019UL,
                                            0xe02bUL, 0xe030UL, 0xe038UL, 0xe040UL, 0xfff8UL, 0xffffUL})
                run(selector);
        else
            for (const uint64_t address : {0UL, 0x3ff000UL, 0x7fffffffffffUL, 0x800000000000UL, 0x8000000040000000UL,
                                           0xffff800000000000UL, 0xffff830000000000UL, ~0UL})
                run(address);
    }
}

// Debugging: what comes, and what DR6 says then.
USER_CODE(steps_nop, "pushf\n orl $0x100, (%rsp)\n popf\n nop\n nop\n ud2");
USER_CODE(steps_cpuid, "pushf\n orl $0x100, (%rsp)\n popf\n cpuid\n nop\n ud2");
USER_CODE(steps_prefixed, "pushf\n orl $0x100, (%rsp)\n popf\n .byte 0x0f,0x0b,0x78,0x65,0x6e\n cpuid\n nop\n ud2");
USER_CODE(steps_syscall, "pushf\n orl $0x100, (%rsp)\n popf\n syscall\n nop\n ud2");
USER_CODE(steps_int3, "pushf\n orl $0x100, (%rsp)\n popf\n int3\n nop\n ud2");
USER_CODE(steps_ud2, "pushf\n orl $0x100, (%rsp)\n popf\n ud2\n nop\n ud2");
USER_CODE(steps_stack, "pushf\n orl $0x100, (%rsp)\n mov %ss, %eax\n popf\n mov %eax, %ss\n nop\n nop\n ud2");
USER_CODE(reads, "mov (%rdi), %eax\n nop\n ud2");
USER_CODE(writes, "movl $1, (%rdi)\n nop\n ud2");
USER_CODE(pops_stack, "mov %rdi, %rsp\n pop %rax\n nop\n ud2");
USER_CODE(stack_nop, "mov (%rdi), %ss\n nop\n nop\n ud2");
USER_CODE(stack_int3, "mov (%rdi), %ss\n int3\n nop\n ud2");
USER_CODE(stack_syscall, "mov (%rdi), %ss\n syscall\n nop\n ud2");
USER_CODE(stack_ud2, "mov (%rdi), %ss\n ud2\n nop\n ud2");
USER_CODE(stack_cpuid, "mov (%rdi), %ss\n cpuid\n nop\n ud2");
USER_CODE(icebp, ".byte 0xf1\n ud2");
GUEST_CASE(debugging_users) {
    user_start();
    *reinterpret_cast<uint64_t*>(user_page(1)) = FLAT_USER_SS;
    const struct {
        const char *name, *code, *end;
    } codes[] = {{"steps_nop", steps_nop, steps_nop_end},
                 {"steps_cpuid", steps_cpuid, steps_cpuid_end},
                 {"steps_prefixed", steps_prefixed, steps_prefixed_end},
                 {"steps_syscall", steps_syscall, steps_syscall_end},
                 {"steps_int3", steps_int3, steps_int3_end},
                 {"steps_ud2", steps_ud2, steps_ud2_end},
                 {"steps_stack", steps_stack, steps_stack_end},
                 {"reads", reads, reads_end},
                 {"writes", writes, writes_end},
                 {"pops_stack", pops_stack, pops_stack_end},
                 {"stack_nop", stack_nop, stack_nop_end},
                 {"stack_int3", stack_int3, stack_int3_end},
                 {"stack_syscall", stack_syscall, stack_syscall_end},
                 {"stack_ud2", stack_ud2, stack_ud2_end},
                 {"stack_cpuid", stack_cpuid, stack_cpuid_end},
                 {"icebp", icebp, icebp_end}};
    for (const uint64_t control : {0UL, 0x30001UL, 0x30002UL, 0xf0002UL, 0x10002UL, 0xf0302UL, 2UL}) {
        for (const auto& code : codes) {
            Row row("debugged", code.name);
            *reinterpret_cast<uint64_t*>(user_page(1)) = FLAT_USER_SS;
            const uint64_t address = control == 2 ? user_base + 2 : user_address(1);
            row.add(control, hypercall(__HYPERVISOR_set_debugreg, 6, 0));
            row.add(".0", hypercall(__HYPERVISOR_set_debugreg, 0, address));
            row.add(".7", hypercall(__HYPERVISOR_set_debugreg, 7, control));
            static Frame registers;
            registers = {};
            registers.rdi = user_address(1);
            const Trap trap = run_user(code.code, code.end, &registers);
            row.trap(".trap", trap)
                .add(".at", static_cast<long>(trap.frame.rip - user_base))
                .add(".flags", static_cast<long>(trap.frame.rflags & ~0x8d5UL))
                .add(".status", hypercall(__HYPERVISOR_get_debugreg, 6))
                .add(".control", hypercall(__HYPERVISOR_get_debugreg, 7));
            hypercall(__HYPERVISOR_set_debugreg, 7, 0);
        }
    }
    for (unsigned index = 0; index < 8; index++) hypercall(__HYPERVISOR_set_debugreg, index, 0);
}
GUEST_CASE(debugging_the_kernel) {
    static uint64_t word = FLAT_KERNEL_SS;
    for (const uint64_t control : {0UL, 0x30001UL, 0x30302UL, 0xd0002UL}) {
        Row row("debugged kernel", control);
        asm volatile("mov %0, %%dr6\n mov %1, %%dr0\n mov %2, %%dr7" ::"r"(0xffff0ff0UL), "r"(&word), "r"(control));
        const auto say = [&](const char* name, const Trap& trap) {
            uint64_t status = 0;
            asm volatile("mov %%dr6, %0" : "=r"(status));
            row.trap(name, trap).add(".status", static_cast<long>(status));
            row.add(".flags", static_cast<long>(trap.frame.rflags & ~0x8d5UL));
            asm volatile("mov %0, %%dr6" ::"r"(0xffff0ff0UL));
        };
        say("read", attempt([] { asm volatile("mov %0, %%rax\n nop" ::"m"(word) : "rax"); }));
        say("write", attempt([] { asm volatile("addq $0, %0\n nop" : "+m"(word)); }));
        say("stack", attempt([] { asm volatile("mov %0, %%ss\n nop\n nop" ::"m"(word)); }));
        say("stack_int3", attempt([] { asm volatile("mov %0, %%ss\n int3\n nop" ::"m"(word)); }));
        say("stack_cpuid", attempt([] {
                asm volatile("xor %%eax, %%eax\n mov %0, %%ss\n cpuid\n nop" ::"m"(word) : "rax", "rbx", "rcx", "rdx");
            }));
        say("stack_hypercall", attempt([] {
                asm volatile(
                    "mov $17, %%eax\n xor %%edi, %%edi\n xor %%esi, %%esi\n mov %0, %%ss\n syscall\n nop" ::"m"(word)
                    : "rax", "rcx", "r11", "rdi", "rsi", "memory");
            }));
        say("by_hypercall", attempt([] { hypercall(__HYPERVISOR_xen_version, XENVER_extraversion, &word); }));
        say("step", attempt([] { asm volatile("pushf\n orl $0x100, (%%rsp)\n popf\n nop\n nop" ::: "memory", "cc"); }));
        say("step_cpuid", attempt([] {
                asm volatile("xor %%eax, %%eax\n pushf\n orl $0x100, (%%rsp)\n popf\n cpuid\n nop" ::
                                 : "rax", "rbx", "rcx", "rdx", "memory", "cc");
            }));
        say("step_hypercall", attempt([] {
                asm volatile(
                    "mov $17, %%eax\n xor %%edi, %%edi\n xor %%esi, %%esi\n pushf\n orl $0x100, (%%rsp)\n popf\n"
                    " syscall\n nop" ::
                        : "rax", "rcx", "r11", "rdi", "rsi", "memory", "cc");
            }));
        say("icebp", attempt([] { asm volatile(".byte 0xf1"); }));
        asm volatile("mov %0, %%dr7" ::"r"(0UL));
        word = FLAT_KERNEL_SS;
    }
    for (unsigned index = 0; index < 8; index++) hypercall(__HYPERVISOR_set_debugreg, index, 0);
}

// Features that a guest switches by CR4 and CR0: what they change, in the kernel and in user mode.
USER_CODE(user_rdfsbase, "rdfsbase %rax\n ud2");
USER_CODE(user_wrgsbase, "wrgsbase %rax\n ud2");
USER_CODE(user_rdtsc, "rdtsc\n ud2");
USER_CODE(user_rdtscp, "rdtscp\n ud2");
USER_CODE(user_rdpmc, "xor %ecx, %ecx\n rdpmc\n ud2");
USER_CODE(user_xgetbv, "xor %ecx, %ecx\n xgetbv\n ud2");
USER_CODE(user_sse, "pxor %xmm0, %xmm0\n ud2");
USER_CODE(user_x87, "fninit\n ud2");
USER_CODE(user_divides, "pxor %xmm0, %xmm0\n divss %xmm0, %xmm0\n ud2");
USER_CODE(user_sgdt, "sgdt -16(%rsp)\n ud2");
USER_CODE(user_smsw, "smsw %eax\n ud2");
GUEST_CASE(features_switched) {
    user_start();
    uint64_t cr4;
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    for (const unsigned bit : {2u, 3u, 8u, 9u, 10u, 11u, 16u, 18u, 22u}) {
        for (const bool is_set : {true, false}) {
            Row row(is_set ? "with control bit" : "without control bit", bit);
            const uint64_t value = is_set ? cr4 | 1UL << bit : cr4 & ~(1UL << bit);
            uint64_t now;
            row.trap("write", attempt([=] { asm volatile("mov %0, %%cr4" ::"r"(value)); }));
            asm volatile("mov %%cr4, %0" : "=r"(now));
            row.add("now", static_cast<long>(now));
            row.trap("rdfsbase", attempt([] { asm volatile("rdfsbase %%rax" ::: "rax"); }));
            row.trap("rdgsbase", attempt([] { asm volatile("rdgsbase %%rax" ::: "rax"); }));
            for (const uint64_t base :
                 {0UL, 0x7fffffffffffUL, 0x800000000000UL, 0xffff800000000000UL, 0xffff830000000000UL, 1UL << 63})
                row.trap(base, attempt([=] { asm volatile("wrfsbase %0" ::"r"(base)); }));
            row.trap("rdtsc", attempt([] { asm volatile("rdtsc" ::: "rax", "rdx"); }));
            row.trap("rdtscp", attempt([] { asm volatile("rdtscp" ::: "rax", "rdx", "rcx"); }));
            row.trap("rdpmc", attempt([] { asm volatile("rdpmc" ::"c"(0) : "rax", "rdx"); }));
            row.trap("dr4", attempt([] { asm volatile("mov %%dr4, %%rax" ::: "rax"); }));
            row.trap("dr5", attempt([] { asm volatile("mov %0, %%dr5" ::"r"(0UL)); }));
            row.trap("xgetbv", attempt([] { asm volatile("xgetbv" ::"c"(0) : "rax", "rdx"); }));
            uint32_t a = 1, b, c = 0, d;
            asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
            row.add("cpuid", c);
            row.trap("user_rdfsbase", RUN_USER(user_rdfsbase)).trap("user_wrgsbase", RUN_USER(user_wrgsbase));
            row.trap("user_rdtsc", RUN_USER(user_rdtsc)).trap("user_rdtscp", RUN_USER(user_rdtscp));
            row.trap("user_rdpmc", RUN_USER(user_rdpmc)).trap("user_xgetbv", RUN_USER(user_xgetbv));
            row.trap("user_sse", RUN_USER(user_sse)).trap("user_divides", RUN_USER(user_divides));
            row.trap("user_sgdt", RUN_USER(user_sgdt)).trap("user_smsw", RUN_USER(user_smsw));
        }
        asm volatile("mov %0, %%cr4" ::"r"(cr4));
    }
    for (const long is_set : {1L, 0L}) {
        Row row("task switched", static_cast<unsigned long>(is_set));
        row.add("set", hypercall(__HYPERVISOR_fpu_taskswitch, is_set)).trap("user_sse", RUN_USER(user_sse));
        row.add("set", hypercall(__HYPERVISOR_fpu_taskswitch, is_set)).trap("user_x87", RUN_USER(user_x87));
        uint64_t cr0;
        asm volatile("mov %%cr0, %0" : "=r"(cr0));
        row.add("cr0", static_cast<long>(cr0));
        row.add("set", hypercall(__HYPERVISOR_fpu_taskswitch, is_set));
        row.trap("smsw", attempt([&] { asm volatile("smsw %0" : "=r"(cr0)); }), static_cast<long>(cr0 & 8));
        row.trap("fwait", attempt([] { asm volatile("fwait"); }));
        asm volatile("mov %%cr0, %0" : "=r"(cr0));
        row.add("cr0", static_cast<long>(cr0));
    }
    hypercall(__HYPERVISOR_fpu_taskswitch, 0);
}
