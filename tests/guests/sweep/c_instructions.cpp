// SPDX-License-Identifier: MIT
// Instructions of every class, in a guest's kernel and in its user mode.
#include "sweep/sweep.h"

#include <initializer_list>

using namespace skerry::guest;

namespace {

// Instructions as bytes, in a page that can be run: what they raise, and where they stand then.
uint8_t* code_page;
struct Code {
    const char* name;
    unsigned length;
    uint8_t bytes[12];
};
const Code codes[] = {
    {"nop", 1, {0x90}},
    {"ud2", 2, {0x0f, 0x0b}},
    {"ud1", 3, {0x0f, 0xb9, 0xc0}},
    {"ud0", 3, {0x0f, 0xff, 0xc0}},
    {"hlt", 1, {0xf4}},
    {"lock_hlt", 2, {0xf0, 0xf4}},
    {"cli", 1, {0xfa}},
    {"sti", 1, {0xfb}},
    {"clts", 2, {0x0f, 0x06}},
    {"rex_clts", 3, {0x48, 0x0f, 0x06}},
    {"invd", 2, {0x0f, 0x08}},
    {"wbinvd", 2, {0x0f, 0x09}},
    {"wbnoinvd", 3, {0xf3, 0x0f, 0x09}},
    {"sysret", 3, {0x48, 0x0f, 0x07}},
    {"sysret32", 2, {0x0f, 0x07}},
    {"sysexit", 2, {0x0f, 0x35}},
    {"rsm", 2, {0x0f, 0xaa}},
    {"getsec", 2, {0x0f, 0x37}},
    {"iretq", 2, {0x48, 0xcf}},
    {"int1", 1, {0xf1}},
    {"int3", 1, {0xcc}},
    {"int3_long", 2, {0xcd, 0x03}},
    {"int0", 2, {0xcd, 0x00}},
    {"int1_long", 2, {0xcd, 0x01}},
    {"int2", 2, {0xcd, 0x02}},
    {"int4", 2, {0xcd, 0x04}},
    {"int8", 2, {0xcd, 0x08}},
    {"int13", 2, {0xcd, 0x0d}},
    {"int14", 2, {0xcd, 0x0e}},
    {"int18", 2, {0xcd, 0x12}},
    {"int31", 2, {0xcd, 0x1f}},
    {"int32", 2, {0xcd, 0x20}},
    {"int80", 2, {0xcd, 0x80}},
    {"int82", 2, {0xcd, 0x82}},
    {"int_fe", 2, {0xcd, 0xfe}},
    {"int_ff", 2, {0xcd, 0xff}},
    {"into", 1, {0xce}},
    {"vmcall", 3, {0x0f, 0x01, 0xc1}},
    {"vmlaunch", 3, {0x0f, 0x01, 0xc2}},
    {"vmxoff", 3, {0x0f, 0x01, 0xc4}},
    {"monitor", 3, {0x0f, 0x01, 0xc8}},
    {"mwait", 3, {0x0f, 0x01, 0xc9}},
    {"clac", 3, {0x0f, 0x01, 0xca}},
    {"stac", 3, {0x0f, 0x01, 0xcb}},
    {"xgetbv", 3, {0x0f, 0x01, 0xd0}},
    {"xsetbv", 3, {0x0f, 0x01, 0xd1}},
    {"vmfunc", 3, {0x0f, 0x01, 0xd4}},
    {"xend", 3, {0x0f, 0x01, 0xd5}},
    {"xtest", 3, {0x0f, 0x01, 0xd6}},
    {"vmrun", 3, {0x0f, 0x01, 0xd8}},
    {"vmmcall", 3, {0x0f, 0x01, 0xd9}},
    {"vmload", 3, {0x0f, 0x01, 0xda}},
    {"vmsave", 3, {0x0f, 0x01, 0xdb}},
    {"stgi", 3, {0x0f, 0x01, 0xdc}},
    {"clgi", 3, {0x0f, 0x01, 0xdd}},
    {"skinit", 3, {0x0f, 0x01, 0xde}},
    {"invlpga", 3, {0x0f, 0x01, 0xdf}},
    {"serialize", 3, {0x0f, 0x01, 0xe8}},
    {"rdpkru", 3, {0x0f, 0x01, 0xee}},
    {"wrpkru", 3, {0x0f, 0x01, 0xef}},
    {"swapgs", 3, {0x0f, 0x01, 0xf8}},
    {"rdtscp", 3, {0x0f, 0x01, 0xf9}},
    {"monitorx", 3, {0x0f, 0x01, 0xfa}},
    {"clzero", 3, {0x0f, 0x01, 0xfc}},
    {"rdpru", 3, {0x0f, 0x01, 0xfd}},
    {"invlpgb", 3, {0x0f, 0x01, 0xfe}},
    {"tlbsync", 3, {0x0f, 0x01, 0xff}},
    {"pconfig", 3, {0x0f, 0x01, 0xc5}},
    {"encls", 3, {0x0f, 0x01, 0xcf}},
    {"enclu", 3, {0x0f, 0x01, 0xd7}},
    {"rdtsc", 2, {0x0f, 0x31}},
    {"rdpmc", 2, {0x0f, 0x33}},
    {"cpuid", 2, {0x0f, 0xa2}},
    {"str", 3, {0x0f, 0x00, 0xc8}},
    {"sldt", 3, {0x0f, 0x00, 0xc0}},
    {"smsw", 3, {0x0f, 0x01, 0xe0}},
    {"lldt", 3, {0x0f, 0x00, 0xd0}},
    {"ltr", 3, {0x0f, 0x00, 0xd8}},
    {"verr", 3, {0x0f, 0x00, 0xe0}},
    {"verw", 3, {0x0f, 0x00, 0xe8}},
    {"lar", 3, {0x0f, 0x02, 0xc0}},
    {"lsl", 3, {0x0f, 0x03, 0xc0}},
    {"lmsw", 3, {0x0f, 0x01, 0xf0}},
    {"sgdt", 5, {0x0f, 0x01, 0x44, 0x24, 0x80}},
    {"sidt", 5, {0x0f, 0x01, 0x4c, 0x24, 0x80}},
    {"lgdt", 5, {0x0f, 0x01, 0x54, 0x24, 0x80}},
    {"lidt", 5, {0x0f, 0x01, 0x5c, 0x24, 0x80}},
    {"invlpg", 5, {0x0f, 0x01, 0x7c, 0x24, 0x80}},
    {"invpcid", 7, {0x66, 0x0f, 0x38, 0x82, 0x44, 0x24, 0x80}},
    {"mov_ax_cr0", 3, {0x0f, 0x20, 0xc0}},
    {"mov_ax_cr1", 3, {0x0f, 0x20, 0xc8}},
    {"mov_ax_cr2", 3, {0x0f, 0x20, 0xd0}},
    {"mov_ax_cr3", 3, {0x0f, 0x20, 0xd8}},
    {"mov_ax_cr4", 3, {0x0f, 0x20, 0xe0}},
    {"mov_ax_cr5", 3, {0x0f, 0x20, 0xe8}},
    {"mov_ax_cr7", 3, {0x0f, 0x20, 0xf8}},
    {"mov_ax_cr8", 4, {0x44, 0x0f, 0x20, 0xc0}},
    {"mov_ax_cr9", 4, {0x44, 0x0f, 0x20, 0xc8}},
    {"mov_ax_cr8_amd", 4, {0xf0, 0x0f, 0x20, 0xc0}},
    {"mov_cr0_ax", 3, {0x0f, 0x22, 0xc0}},
    {"mov_cr1_ax", 3, {0x0f, 0x22, 0xc8}},
    {"mov_cr2_ax", 3, {0x0f, 0x22, 0xd0}},
    {"mov_cr3_ax", 3, {0x0f, 0x22, 0xd8}},
    {"mov_cr5_ax", 3, {0x0f, 0x22, 0xe8}},
    {"mov_cr8_ax", 4, {0x44, 0x0f, 0x22, 0xc0}},
    {"mov_ax_dr0", 3, {0x0f, 0x21, 0xc0}},
    {"mov_ax_dr3", 3, {0x0f, 0x21, 0xd8}},
    {"mov_ax_dr4", 3, {0x0f, 0x21, 0xe0}},
    {"mov_ax_dr5", 3, {0x0f, 0x21, 0xe8}},
    {"mov_ax_dr6", 3, {0x0f, 0x21, 0xf0}},
    {"mov_ax_dr7", 3, {0x0f, 0x21, 0xf8}},
    {"mov_ax_dr8", 4, {0x44, 0x0f, 0x21, 0xc0}},
    {"mov_dr0_ax", 3, {0x0f, 0x23, 0xc0}},
    {"mov_dr4_ax", 3, {0x0f, 0x23, 0xe0}},
    {"mov_dr6_ax", 3, {0x0f, 0x23, 0xf0}},
    {"mov_dr7_ax", 3, {0x0f, 0x23, 0xf8}},
    {"mov_dr8_ax", 4, {0x44, 0x0f, 0x23, 0xc0}},
    {"in_imm8", 2, {0xe4, 0x80}},
    {"in_imm32", 2, {0xe5, 0x80}},
    {"out_imm8", 2, {0xe6, 0x80}},
    {"out_imm32", 2, {0xe7, 0x80}},
    {"in_dx8", 1, {0xec}},
    {"in_dx16", 2, {0x66, 0xed}},
    {"in_dx32", 1, {0xed}},
    {"out_dx8", 1, {0xee}},
    {"out_dx32", 1, {0xef}},
    {"insb", 1, {0x6c}},
    {"outsb", 1, {0x6e}},
    {"rdfsbase", 5, {0xf3, 0x48, 0x0f, 0xae, 0xc0}},
    {"rdgsbase", 5, {0xf3, 0x48, 0x0f, 0xae, 0xc8}},
    {"wrfsbase", 5, {0xf3, 0x48, 0x0f, 0xae, 0xd0}},
    {"rdpid", 4, {0xf3, 0x0f, 0xc7, 0xf8}},
    {"rdrand", 3, {0x0f, 0xc7, 0xf0}},
    {"xsaves", 6, {0x48, 0x0f, 0xc7, 0x6c, 0x24, 0x80}},
    {"fninit", 2, {0xdb, 0xe3}},
    {"fwait", 1, {0x9b}},
    {"push_cs_far", 2, {0x48, 0xcb}},
    {"syscall_like_ud", 2, {0x0f, 0x04}},
    {"sysenter", 2, {0x0f, 0x34}},
    {"lock_nop", 2, {0xf0, 0x90}},
    {"salc", 1, {0xd6}},
    {"push_es", 1, {0x06}},
    {"aaa", 1, {0x37}},
    {"bound", 2, {0x62, 0x00}},
    {"callfar_imm", 7, {0x9a, 0, 0, 0, 0, 0, 0}},
    {"les", 2, {0xc4, 0x00}},
    {"prefix_ud2_xen_nop", 6, {0x0f, 0x0b, 0x78, 0x65, 0x6e, 0x90}},
    {"fifteen", 12, {0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90}},
};

// In the kernel: copies the code into a page of ours that is followed by ud2.
void run_here(const Code& code) {
    memset(code_page, 0, 64);
    memcpy(code_page, code.bytes, code.length);
    const uint8_t tail[] = {0x0f, 0x0b, 0x0f, 0x0b};
    memcpy(code_page + code.length, tail, sizeof tail);
}

} // namespace

GUEST_CASE(instructions_in_the_kernel) {
    code_page = static_cast<uint8_t*>(alloc_page());
    for (const Code& code : codes) {
        if (strcmp(code.name, "hlt") == 0 || strcmp(code.name, "iretq") == 0 || strcmp(code.name, "push_cs_far") == 0)
            continue;
        Row row(code.name);
        for (const uint64_t rax : {0UL, 0x4321UL}) {
            run_here(code);
            const Trap trap = attempt([=] {
                asm volatile("sub $256, %%rsp\n xor %%edx, %%edx\n xor %%ecx, %%ecx\n xor %%ebx, %%ebx\n mov $0x80, "
                             "%%edx\n call *%1\n add $256, %%rsp"
                             :
                             : "a"(rax), "r"(code_page), "D"(places[0].address), "S"(0)
                             : "rcx", "rdx", "rbx", "memory", "cc");
            });
            row.trap("trap", trap);
            row.add(".at", static_cast<long>(trap.frame.rip - reinterpret_cast<uint64_t>(code_page)));
            row.add(".flags", static_cast<long>(trap.frame.rflags & ~0x8d5UL));
        }
    }
    hypercall(__HYPERVISOR_fpu_taskswitch, 0);
    for (unsigned index = 0; index < 8; index++) hypercall(__HYPERVISOR_set_debugreg, index, 0);
}
GUEST_CASE(instructions_in_user_mode) {
    user_start();
    for (const unsigned level : {0u, 1u, 3u}) {
        physdev_set_iopl call{level};
        hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call);
        for (const Code& code : codes) {
            if (strcmp(code.name, "iretq") == 0 || strcmp(code.name, "push_cs_far") == 0) continue;
            if (level != 0 && !(code.bytes[0] >= 0xe4 && code.bytes[0] <= 0xfb) && code.bytes[0] != 0x6c &&
                code.bytes[0] != 0x6e)
                continue;
            if (level == 3 && code.bytes[0] == 0xf4) continue;
            char bytes[16];
            memcpy(bytes, code.bytes, code.length);
            memcpy(bytes + code.length, "\x0f\x0b\x0f\x0b", 4);
            static Frame registers;
            registers = {};
            registers.rdx = 0x80;
            const Trap trap = run_user(bytes, bytes + code.length + 4, &registers);
            Row row(level == 0 ? "user" : level == 1 ? "user with level 1" : "user with level 3", code.name);
            row.trap("trap", trap);
            row.add(".at", static_cast<long>(trap.frame.rip - user_base));
            row.add(".flags", static_cast<long>(trap.frame.rflags & ~0x8d5UL));
            row.add(".cs", static_cast<long>(trap.frame.cs)).add(".ss", static_cast<long>(trap.frame.ss));
        }
    }
    physdev_set_iopl call{0};
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call);
}
