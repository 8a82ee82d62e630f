// SPDX-License-Identifier: MIT
// The machine's state as a guest's kernel sees it: registers, CPUID, flags, frames to return by, selectors, ports.
#include "sweep/sweep.h"

#include <initializer_list>

using namespace skerry::guest;

GUEST_CASE(machine_registers) {
    // Whole ranges in one row; what is read only where it is no time or address.
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0, 0x40},
                  {0x48, 0x50},
                  {0x79, 0x9f},
                  {0xc0, 0x130},
                  {0x13a, 0x145},
                  {0x174, 0x1a8},
                  {0x1b0, 0x210},
                  {0x250, 0x2ff},
                  {0x300, 0x3ff},
                  {0x400, 0x490},
                  {0x4c0, 0x4d0},
                  {0x560, 0x590},
                  {0x600, 0x6c0},
                  {0x6e0, 0x6e0},
                  {0x770, 0x778},
                  {0x800, 0x83f},
                  {0x981, 0x983},
                  {0xc80, 0xd93},
                  {0xda0, 0xda0},
                  {0x1000, 0x1003},
                  {0x40000000, 0x40000020},
                  {0x40000080, 0x40000084},
                  {0x400000f0, 0x400000f1},
                  {0xc0000080, 0xc0000084},
                  {0xc00000e7, 0xc00000e9},
                  {0xc0000100, 0xc0000108},
                  {0xc0000408, 0xc000040a},
                  {0xc0010000, 0xc0010075},
                  {0xc0010110, 0xc0010120},
                  {0xc0010131, 0xc0010131},
                  {0xc0010140, 0xc0010141},
                  {0xc0010200, 0xc001020f},
                  {0xc0011000, 0xc0011040},
                  {0xdeadbeef, 0xdeadbeef}};
    for (const auto& range : ranges) {
        Row row("rdmsr", range.first);
        for (uint32_t number = range.first; number <= range.last; number++) {
            volatile uint64_t value = 0;
            const Trap trap = attempt([&] { value = read_msr(number); });
            const bool is_moving =
                number == 0x10 || number == 0xe7 || number == 0xe8 || number == 0xc00000e7 || number == 0xc00000e8;
            if (trap.vector != general_protection) row.trap(number, trap, is_moving ? 1 : static_cast<long>(value));
        }
        if (range.first == 0x40000000) continue;
        Row writes("wrmsr", range.first);
        for (uint32_t number = range.first; number <= range.last; number++) {
            volatile uint64_t value = 0;
            const Trap read = attempt([&] { value = read_msr(number); });
            if (number == 0x10 || number == 0xc0000101) continue; // time; our own base
            const Trap same = attempt([&] { write_msr(number, value); });
            const Trap null = attempt([&] { write_msr(number, 0); });
            const Trap wild = attempt([&] { write_msr(number, 0x8000000000000001); });
            if (same.vector == general_protection && null.vector == general_protection &&
                wild.vector == general_protection)
                continue;
            writes.trap(number, same).trap(".zero", null).trap(".wild", wild);
            if (read.vector == no_trap && number < 0xc0000100) {
                const Trap again = attempt([&] { value = read_msr(number); });
                writes.trap(".then", again, static_cast<long>(value));
            }
            attempt([&] { write_msr(number, number == 0xc0000103 ? 0 : value); });
        }
    }
    for (const uint32_t number : {0xc0000100u, 0xc0000102u, 0xc0000080u, 0x277u}) {
        Row row("wrmsr of", number);
        for (const uint64_t value : {0UL, 1UL, 0x7fffffffffffUL, 0x800000000000UL, 0xffff800000000000UL,
                                     0xffff830000000000UL, 0xd01UL, 0x500UL, 0x0007040600070406UL}) {
            row.trap(value, attempt([=] { write_msr(number, value); }));
            uint64_t now = 0;
            if (attempt([&] { now = read_msr(number); }).vector == no_trap) row.add(".then", static_cast<long>(now));
        }
    }
    attempt([] {
        write_msr(0xc0000100, 0);
        write_msr(0xc0000102, 0);
    });
}
GUEST_CASE(cpuid_leaves) {
    for (const bool by_prefix : {false, true}) {
        for (uint32_t leaf = 0;; leaf++) {
            if (leaf == 0x40) leaf = 0x40000000;
            if (leaf == 0x40000010) leaf = 0x400000f0;
            if (leaf == 0x40000110) leaf = 0x80000000;
            if (leaf == 0x80000028) leaf = 0x8fffffff;
            if (leaf == 0x90000001) leaf = 0xc0000000;
            if (leaf == 0xc0000002) break;
            const unsigned last = leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd || leaf == 0x14 ||
                                          leaf == 0x12 || leaf == 0x40000003 || leaf == 0x40000005 || leaf == 0x8000001d
                                      ? 19
                                      : 1;
            Row row(by_prefix ? "cpuid by prefix" : "cpuid", leaf);
            for (uint32_t sub = 0; sub <= last; sub++) {
                uint32_t a = leaf, b = 0, c = sub, d = 0;
                const Trap trap = attempt([&] {
                    if (by_prefix)
                        asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e\n cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
                    else
                        asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
                });
                const uint64_t key = static_cast<uint64_t>(sub) << 4;
                if ((a | b | c | d) == 0 && trap.vector == no_trap) continue;
                // On which of the machine's CPUs this is may change.
                if (leaf == 1) b &= 0xffffff;
                if (leaf == 0xb || leaf == 0x1f) d = 0;
                row.trap(key, trap, a).add(key + 1, b).add(key + 2, c).add(key + 3, d);
            }
        }
    }
}
GUEST_CASE(control_registers) {
    uint64_t now = 0;
    for (unsigned bit = 0; bit < 64; bit++) {
        Row row("control register bit", bit);
        uint64_t cr0, cr4;
        asm volatile("mov %%cr0, %0" : "=r"(cr0));
        row.trap("cr0", attempt([=] { asm volatile("mov %0, %%cr0" ::"r"(cr0 ^ 1UL << bit)); }));
        asm volatile("mov %%cr0, %0" : "=r"(now));
        row.add(".became", static_cast<long>(now));
        attempt([=] { asm volatile("mov %0, %%cr0" ::"r"(cr0)); });
        asm volatile("mov %%cr4, %0" : "=r"(cr4));
        row.trap("cr4", attempt([=] { asm volatile("mov %0, %%cr4" ::"r"(cr4 ^ 1UL << bit)); }));
        asm volatile("mov %%cr4, %0" : "=r"(now));
        row.add(".became", static_cast<long>(now));
        attempt([=] { asm volatile("mov %0, %%cr4" ::"r"(cr4)); });
    }
    Row row("cr2");
    for (const uint64_t value : {0UL, 0x1234UL, 0x1000000000000000UL}) {
        row.trap(value, attempt([=] { asm volatile("mov %0, %%cr2" ::"r"(value)); }));
        asm volatile("mov %%cr2, %0" : "=r"(now));
        row.add(".then", static_cast<long>(now));
    }
    asm volatile("mov %%cr3, %0" : "=r"(now));
    Row cr3("cr3");
    for (const uint64_t flags : {0UL, 0x8UL, 0x18UL, 0x7UL, 0xfffUL, 1UL << 63}) {
        const uint64_t value = now | flags;
        cr3.trap(flags, attempt([=] { asm volatile("mov %0, %%cr3" ::"r"(value) : "memory"); }));
        uint64_t then;
        asm volatile("mov %%cr3, %0" : "=r"(then));
        cr3.add(".changed", static_cast<long>(then ^ now));
    }
    Row extended("xsetbv");
    uint64_t cr4;
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    asm volatile("mov %0, %%cr4" ::"r"(cr4 | 1UL << 18));
    for (const uint64_t value :
         {0UL, 1UL, 2UL, 3UL, 5UL, 7UL, 0x1fUL, 0xe7UL, 0x27UL, 0x207UL, 0x2e7UL, 0x60007UL, 1UL << 62 | 7})
        extended.trap(value, attempt([=] {
                          asm volatile("xsetbv" ::"a"(static_cast<uint32_t>(value)), "c"(0),
                                       "d"(static_cast<uint32_t>(value >> 32)));
                      }));
    extended.trap("register1", attempt([] { asm volatile("xsetbv" ::"a"(3), "c"(1), "d"(0)); }));
    attempt([] { asm volatile("xsetbv" ::"a"(1), "c"(0), "d"(0)); });
    asm volatile("mov %0, %%cr4" ::"r"(cr4));
}
GUEST_CASE(flags) {
    Row row("flags by popf");
    for (unsigned bit = 0; bit < 22; bit++) {
        if (bit == 8) continue; // the trap flag
        uint64_t flags = 0;
        const Trap trap = attempt([&] {
            asm volatile("pushf\n xorq %1, (%%rsp)\n popf\n pushf\n pop %0\n cld\n push $0x202\n popf"
                         : "=&r"(flags)
                         : "r"(1UL << bit)
                         : "cc", "memory");
        });
        row.trap(bit, trap, static_cast<long>(flags & ~0x8d5UL));
    }
    for (const unsigned level : {0u, 1u, 2u, 3u}) {
        physdev_set_iopl call{level};
        hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call);
        uint64_t flags;
        asm volatile("pushf\n pop %0" : "=r"(flags));
        row.add("level", static_cast<long>(flags & ~0x8d5UL));
        const Trap trap = attempt([] { asm volatile("ud2"); });
        row.add(".level_in_frame", static_cast<long>(trap.frame.rflags & ~0x8d5UL));
    }
    physdev_set_iopl call{0};
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call);
}
// What an iret to user or kernel mode makes of each flag and selector, seen from the trap that ends it.
USER_CODE(user_ud2, "ud2");
GUEST_CASE(returns) {
    user_start();
    memcpy(user_page(0), user_ud2, 2);
    auto* const code_page = static_cast<uint8_t*>(alloc_page());
    for (const bool to_user : {true, false}) {
        Row row(to_user ? "iret flag to user" : "iret flag to kernel");
        static Frame frame;
        const auto prepare = [=] {
            frame = {};
            frame.rip = to_user ? user_base : reinterpret_cast<uint64_t>(code_page);
            frame.cs = to_user ? FLAT_USER_CS | 3UL : FLAT_KERNEL_CS & ~3UL;
            frame.rflags = 0x202;
            frame.rsp = to_user ? user_stack_top - 64 : reinterpret_cast<uint64_t>(alloc_page()) + 4096;
            frame.ss = to_user ? FLAT_USER_SS | 3UL : FLAT_KERNEL_SS & ~3UL;
        };
        if (!to_user) memcpy(code_page, "\x0f\x0b", 2);
        const uint8_t mask = shared->vcpu_info[0].evtchn_upcall_mask;
        for (unsigned bit = 0; bit < 64; bit++) {
            if (bit == 8) continue;
            if (bit == 32) bit = 62;
            prepare();
            frame.rflags ^= 1UL << bit;
            const Trap trap = attempt([] { resume_from(&frame); });
            row.trap(bit, trap);
            row.add(".flags", static_cast<long>(trap.frame.rflags))
                .add(".mask", shared->vcpu_info[0].evtchn_upcall_mask);
            row.add(".cs", static_cast<long>(trap.frame.cs)).add(".ss", static_cast<long>(trap.frame.ss));
            shared->vcpu_info[0].evtchn_upcall_mask = mask;
        }
        Row selectors(to_user ? "iret selector to user" : "iret selector to kernel");
        for (const uint64_t selector :
             {0UL,      1UL,      3UL,      4UL,      7UL,      0x23UL,        0x2bUL,   0x33UL,   0xe008UL,
              0xe010UL, 0xe019UL, 0xe01bUL, 0xe023UL, 0xe02bUL, 0xe033UL,      0xe030UL, 0xe031UL, 0xe032UL,
              0xe038UL, 0xe03bUL, 0xe040UL, 0xe043UL, 0xffffUL, 0x10000e033UL, 0xfffbUL}) {
            prepare();
            frame.cs = selector;
            Trap trap = attempt([] { resume_from(&frame); });
            selectors.trap(selector, trap).add(".cs", static_cast<long>(trap.frame.cs));
            if (trap.vector != invalid_opcode) selectors.add(".rip", trap.frame.rip == frame.rip);
            shared->vcpu_info[0].evtchn_upcall_mask = mask;
            prepare();
            frame.ss = selector;
            trap = attempt([] { resume_from(&frame); });
            selectors.trap(0x100000UL + selector, trap).add(".ss", static_cast<long>(trap.frame.ss));
            shared->vcpu_info[0].evtchn_upcall_mask = mask;
        }
        Row addresses(to_user ? "iret address to user" : "iret address to kernel");
        for (const uint64_t address : {0UL, 0x1000UL, 0x7fffffffffffUL, 0x800000000000UL, 0x1000000000000000UL,
                                       0xffff800000000000UL, 0xffff830000000000UL, ~0UL}) {
            prepare();
            frame.rip = address;
            Trap trap = attempt([] { resume_from(&frame); });
            addresses.trap(address, trap)
                .add(".rip", static_cast<long>(trap.frame.rip == address))
                .add(".cr2", static_cast<long>(trap.cr2))
                .add(".cs", static_cast<long>(trap.frame.cs));
            shared->vcpu_info[0].evtchn_upcall_mask = mask;
            if (!to_user) continue;
            prepare();
            frame.rsp = address;
            trap = attempt([] { resume_from(&frame); });
            addresses.trap(".stack", trap).add(".rsp", static_cast<long>(trap.frame.rsp));
            shared->vcpu_info[0].evtchn_upcall_mask = mask;
        }
    }
}
// Every selector in every data segment register, and what LAR and LSL show of each.
GUEST_CASE(selectors) {
    Row row("load selector");
    for (unsigned selector = 0xe000; selector < 0x10000; selector += selector < 0xe060 ? 1 : 0xff7) {
        row.trap(selector, attempt([=] {
                     asm volatile("mov %%ds, %%r8d\n mov %0, %%ds\n mov %%r8d, %%ds" ::"r"(selector) : "r8");
                 }));
        row.trap(".ss", attempt([=] {
                     asm volatile("mov %%ss, %%r8d\n mov %0, %%ss\n mov %%r8d, %%ss" ::"r"(selector) : "r8");
                 }));
    }
    for (const unsigned selector :
         {0u, 1u, 2u, 3u, 4u, 7u, 8u, 0xbu, 0x10u, 0x23u, 0x2bu, 0x33u, 0x7fu, 0x1000u, 0xdff8u})
        for (const char which : {'d', 'e', 'f', 'g'})
            row.trap(static_cast<unsigned long>(which) << 16 | selector, attempt([=] {
                         switch (which) {
                         case 'd': asm volatile("mov %0, %%ds\n mov %1, %%ds" ::"r"(selector), "r"(0)); break;
                         case 'e': asm volatile("mov %0, %%es\n mov %1, %%es" ::"r"(selector), "r"(0)); break;
                         case 'f': asm volatile("mov %0, %%fs\n mov %1, %%fs" ::"r"(selector), "r"(0)); break;
                         default: asm volatile("mov %0, %%gs\n mov %1, %%gs" ::"r"(selector), "r"(0)); break;
                         }
                     }));
    Row rights("lar and lsl");
    for (unsigned selector = 0; selector < 0x10000; selector += selector >= 0xdfe0 && selector < 0xe0a0 ? 8 : 0x7f8) {
        uint64_t value = 0, limit = 0;
        asm volatile("lar %1, %0" : "+r"(value) : "r"(static_cast<uint64_t>(selector)) : "cc");
        asm volatile("lsl %1, %0" : "+r"(limit) : "r"(static_cast<uint64_t>(selector)) : "cc");
        if (value != 0 || limit != 0)
            rights.add(selector, static_cast<long>(value)).add(".limit", static_cast<long>(limit));
    }
}
GUEST_CASE(segment_bases) {
    for (const unsigned which : {0u, 1u, 2u, 3u, 4u, ~0u}) {
        if (which == SEGBASE_GS_KERNEL) continue;
        Row row("set_segment_base", which);
        for (const uint64_t base :
             {0UL, 1UL, 0xe02bUL, 0xe033UL, 0x7fffffffffffUL, 0x800000000000UL, 0xffff800000000000UL,
              0xffff830000000000UL, 0x1000000000000000UL, ~0UL, 0x10000UL, 4UL, 0xe008UL})
            result(row, base, [=] { return hypercall(__HYPERVISOR_set_segment_base, which, base); });
        hypercall(__HYPERVISOR_set_segment_base, which, 0);
    }
    Row row("stack_switch");
    extern char end_of_stack[] asm("entry_stack_end");
    for (const uint64_t segment : {0UL, 3UL, 0xe02bUL, 0xe033UL, 0xe010UL, 0xffffUL, 0x1e02bUL})
        for (const uint64_t pointer : {0UL, 0x1000000000000000UL, 0xffff830000000000UL, ~0UL})
            result(row, segment << 8 | (pointer & 0xff),
                   [=] { return hypercall(__HYPERVISOR_stack_switch, segment, pointer); });
    hypercall(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, end_of_stack);
}
// Which ports a first domain has: reads give ones where it has none, so what is written and read back tells.
GUEST_CASE(ports) {
    physdev_set_iopl call{1};
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call);
    Row row("port reads ones");
    unsigned run_first = 0, run_value = 2;
    const auto close_run = [&](unsigned last) {
        if (run_value == 1) row.add(run_first, last);
    };
    for (unsigned port = 0; port < 0x400; port++) {
        uint8_t value = 0;
        if (port == 0x60 || port == 0x64 || port == 0x71 || (port >= 0x1f0 && port <= 0x1f7) ||
            (port >= 0x170 && port <= 0x177))
            continue;
        attempt([&] { asm volatile("inb %%dx, %0" : "=a"(value) : "d"(port)); });
        const unsigned is_ones = value == 0xff;
        if (is_ones == run_value) continue;
        close_run(port - 1);
        run_first = port;
        run_value = is_ones;
    }
    close_run(0x3ff);
    call.iopl = 0;
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call);
    Row bitmap("set_iobitmap");
    static uint8_t map[8192];
    for (const unsigned count : {0u, 1u, 0x80u, 0x81u, 65535u, 65536u, 65537u, ~0u}) {
        physdev_set_iobitmap set{};
        set.bitmap.p = map;
        set.nr_ports = count;
        result(bitmap, count, [&] { return hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, &set); });
        bitmap.trap(".port80", attempt([] { asm volatile("inb $0x80, %%al" ::: "rax"); }));
    }
    physdev_set_iobitmap none{};
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, &none);
}
