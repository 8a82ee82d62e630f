// SPDX-License-Identifier: MIT
#include "lib/user.h"

#include "lib/guest.h"

#include <initializer_list>

extern "C" char entry_stack_end[];

namespace skerry::guest {

static uint8_t* pages[user_pages];
static uint64_t* user_top;

static void must(long result, const char* what) {
    if (result == 0) return;
    print("verdict: broken user address space: %s returned %ld\n", what, result);
    shutdown(SHUTDOWN_crash);
}

void user_start() {
    if (user_top != nullptr) return;
    auto* l1 = static_cast<uint64_t*>(alloc_page());
    auto* l2 = static_cast<uint64_t*>(alloc_page());
    auto* l3 = static_cast<uint64_t*>(alloc_page());
    user_top = static_cast<uint64_t*>(alloc_page());
    for (unsigned i = 0; i < user_pages; i++) {
        pages[i] = static_cast<uint8_t*>(alloc_page());
        l1[i] = entry(mfn_of(pages[i]), page_flags);
    }
    // 4 MiB: entry 2 of the L2, entry 0 of the L3 and of both L4 tables.
    l2[2] = entry(mfn_of(l1), table_flags);
    l3[0] = entry(mfn_of(l2), table_flags);
    user_top[0] = entry(mfn_of(l3), table_flags);
    for (uint64_t* table : {l1, l2, l3, user_top}) must(make_readonly(table), "make_readonly");
    must(set_entry(&top_table()[0], entry(mfn_of(l3), table_flags)), "hooking the L3 into the kernel's L4");
    must(mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_of(user_top)), "new_user_baseptr");
    must(hypercall(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, entry_stack_end), "stack_switch");
}

uint8_t* user_page(unsigned index) { return pages[index]; }
uint64_t user_table_mfn() { return mfn_of(user_top); }

Trap run_user(const char* code, const char* code_end, const Frame* registers) {
    user_start();
    memcpy(pages[0], code, static_cast<size_t>(code_end - code));
    volatile uint8_t& mask = shared->vcpu_info[0].evtchn_upcall_mask;
    const uint8_t former_mask = mask;
    const Trap trap = attempt([=] {
        static Frame frame;
        if (registers != nullptr)
            frame = *registers;
        else
            frame = {};
        frame.rip = user_base;
        frame.cs = FLAT_USER_CS | 3;
        frame.rflags = frame.rflags != 0 ? frame.rflags : 0x202;
        frame.rsp = user_stack_top - 64;
        frame.ss = FLAT_USER_SS | 3;
        resume_from(&frame);
    });
    mask = former_mask; // the iret opened it, as its flags said
    return trap;
}

} // namespace skerry::guest
