// SPDX-License-Identifier: MIT
// multicall: each entry runs and keeps its own result; bad entries and bad lists hurt nobody.
#include "lib/guest.h"

using namespace skerry::guest;

static multicall_entry_t calls[64];

GUEST_CASE(results_one_by_one) {
    calls[0] = {__HYPERVISOR_xen_version, 0, {XENVER_version}};
    calls[1] = {__HYPERVISOR_xen_version, 0, {XENVER_pagesize}};
    calls[2] = {__HYPERVISOR_xen_version, 0, {1000}};
    calls[3] = {__HYPERVISOR_sched_op, 0, {SCHEDOP_yield, 0}};
    EXPECT_EQ(hypercall(__HYPERVISOR_multicall, calls, 4), 0);
    EXPECT_EQ(calls[0].result, xen_version(XENVER_version, nullptr));
    EXPECT_EQ(calls[1].result, 4096);
    EXPECT_EQ(static_cast<long>(calls[2].result), enosys);
    EXPECT_EQ(calls[3].result, 0);
}
GUEST_CASE(an_error_does_not_stop_the_rest) {
    calls[0] = {__HYPERVISOR_event_channel_op, 0, {EVTCHNOP_send, 0x1000}};
    calls[1] = {__HYPERVISOR_xen_version, 0, {XENVER_pagesize}};
    EXPECT_EQ(hypercall(__HYPERVISOR_multicall, calls, 2), 0);
    EXPECT_EQ(static_cast<long>(calls[0].result), efault);
    EXPECT_EQ(calls[1].result, 4096);
}
GUEST_CASE(numbers_that_are_not) {
    calls[0] = {200, 0, {}};
    calls[1] = {~0UL, 0, {}};
    EXPECT_EQ(hypercall(__HYPERVISOR_multicall, calls, 2), 0);
    EXPECT_EQ(static_cast<long>(calls[0].result), enosys);
    EXPECT_EQ(static_cast<long>(calls[1].result), enosys);
}
GUEST_CASE(nested_is_refused) {
    calls[0] = {__HYPERVISOR_multicall, 0, {reinterpret_cast<unsigned long>(calls), 1}};
    const long result = hypercall(__HYPERVISOR_multicall, calls, 1);
    EXPECT(result == einval || static_cast<long>(calls[0].result) < 0);
}
// Where user mode's int $0x80 comes back to: the stack of the caller below, and what is behind its SYSCALL.
extern "C" void after_user_mode();
extern "C" {
uint64_t saved_stack, saved_rip;
}
asm(".text\n.globl after_user_mode\nafter_user_mode:\n mov saved_stack(%rip), %rsp\n jmp *saved_rip(%rip)");
USER_CODE(come_back, "int $0x80");

GUEST_CASE(iret_to_user_mode_ends_the_list) {
    user_start();
    memcpy(user_page(0), come_back, 2);
    trap_info table[2] = {{0x80, 3, FLAT_KERNEL_CS, reinterpret_cast<unsigned long>(&after_user_mode)}, {}};
    REQUIRE_EQ(hypercall(__HYPERVISOR_set_trap_table, table), 0);
    calls[0] = {__HYPERVISOR_iret, 0, {}};
    calls[1] = {__HYPERVISOR_xen_version, 0, {XENVER_version}};
    calls[1].result = 0;
    long rax;
    unsigned long list = reinterpret_cast<unsigned long>(calls), count = 2;
    asm volatile("mov %%rsp, saved_stack(%%rip)\n lea 1f(%%rip), %%rax\n mov %%rax, saved_rip(%%rip)\n"
                 "push %[ss]\n push %[stack]\n push $2\n push %[cs]\n push %[code]\n push $0\n push $0\n push $0\n"
                 "push $0xdead\n mov %[call], %%eax\n syscall\n1: mov saved_stack(%%rip), %%rsp"
                 : "=&a"(rax), "+D"(list), "+S"(count)
                 : [ss] "i"(FLAT_USER_SS | 3), [stack] "i"(user_stack_top - 64), [cs] "i"(FLAT_USER_CS | 3),
                   [code] "i"(user_base), [call] "i"(__HYPERVISOR_multicall)
                 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    events_off();
    EXPECT_EQ(rax, 0xdead); // as the frame said: user mode was reached
    EXPECT_EQ(calls[1].result, 0);
}
GUEST_CASE(iret_inside_does_not_return_early) {
    calls[0] = {__HYPERVISOR_iret, 0, {}};
    calls[1] = {__HYPERVISOR_xen_version, 0, {XENVER_pagesize}};
    calls[1].result = 1;
    // Nothing sensible can come of it; a PV kernel never does it. It must not harm anybody else: done in a peer.
    static Peer peer;
    REQUIRE_EQ(peer.create([] {
        static multicall_entry_t own[1] = {{__HYPERVISOR_iret, 0, {}}};
        hypercall(__HYPERVISOR_multicall, own, 1);
        shutdown(SHUTDOWN_poweroff);
    }),
               0);
    peer.unpause();
    EXPECT(wait_for([] { return peer.shutdown_reason() >= 0; }));
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(lists_that_cannot_be_used) {
    EXPECT_EQ(hypercall(__HYPERVISOR_multicall, 0x1000, 1), efault);
    EXPECT_EQ(hypercall(__HYPERVISOR_multicall, 0xffff830000000000UL, 1), efault);
    EXPECT_EQ(hypercall(__HYPERVISOR_multicall, calls, 0), 0);
}
GUEST_CASE(a_readonly_list_runs_but_cannot_keep_results) {
    auto* list = static_cast<multicall_entry_t*>(alloc_page());
    list[0] = {__HYPERVISOR_xen_version, 0, {XENVER_pagesize}};
    REQUIRE_EQ(make_readonly(list), 0);
    EXPECT_EQ(hypercall(__HYPERVISOR_multicall, list, 1), efault);
    EXPECT_EQ(list[0].result, 0);
    make_writable(list);
}
GUEST_CASE(a_list_that_ends_in_nothing) {
    auto* pages = static_cast<char*>(alloc_pages(2));
    auto* list = reinterpret_cast<multicall_entry_t*>(pages + 4096 - 2 * sizeof(multicall_entry_t));
    for (unsigned i = 0; i < 2; i++) list[i] = {__HYPERVISOR_xen_version, 0, {XENVER_pagesize}};
    REQUIRE_EQ(unmap(pages + 4096), 0);
    EXPECT_EQ(hypercall(__HYPERVISOR_multicall, list, 4), efault);
    EXPECT_EQ(list[0].result, 4096);
    EXPECT_EQ(list[1].result, 4096);
    // However long the list claims to be.
    EXPECT(hypercall(__HYPERVISOR_multicall, list, 0xffffffffUL) < 0);
    EXPECT(hypercall(__HYPERVISOR_multicall, list, ~0UL) < 0);
    make_writable(pages + 4096);
}
GUEST_CASE(page_table_updates_in_a_row) {
    void* page = alloc_page();
    window_map(0, entry(mfn_of(page), page_flags));
    window_unmap(0);
    for (unsigned i = 0; i < 32; i++) {
        calls[i] = {__HYPERVISOR_update_va_mapping,
                    0,
                    {reinterpret_cast<unsigned long>(window(i)), entry(mfn_of(page), page_flags), UVMF_INVLPG}};
    }
    EXPECT_EQ(hypercall(__HYPERVISOR_multicall, calls, 32), 0);
    for (unsigned i = 0; i < 32; i++) {
        EXPECT_EQ(calls[i].result, 0);
        EXPECT_EQ(try_write(window(i)).vector, no_trap);
        window_unmap(i);
    }
}
GUEST_CASE(each_update_sees_the_tables_that_the_one_before_left) {
    // An update by address, another table behind that address, an update by address again.
    static constexpr uint64_t at = 1UL << 46;
    uint64_t* l1[2];
    uint64_t* l2[2];
    auto* l3 = static_cast<uint64_t*>(alloc_page());
    for (unsigned i = 0; i < 2; i++) {
        l1[i] = static_cast<uint64_t*>(alloc_page());
        l2[i] = static_cast<uint64_t*>(alloc_page());
        l2[i][0] = entry(mfn_of(l1[i]), table_flags);
        REQUIRE_EQ(make_readonly(l1[i]), 0);
        REQUIRE_EQ(make_readonly(l2[i]), 0);
        REQUIRE_EQ(pin(2, mfn_of(l2[i])), 0);
    }
    l3[0] = entry(mfn_of(l2[0]), table_flags);
    REQUIRE_EQ(make_readonly(l3), 0);
    REQUIRE_EQ(set_entry(&top_table()[128], entry(mfn_of(l3), table_flags)), 0);
    static mmu_update swap;
    swap = {machine_of(&l3[0]), entry(mfn_of(l2[1]), table_flags)};
    const uint64_t page = entry(mfn_of(alloc_page()), page_flags);
    calls[0] = {__HYPERVISOR_update_va_mapping, 0, {at, 0, UVMF_INVLPG}};
    calls[1] = {__HYPERVISOR_mmu_update, 0, {reinterpret_cast<unsigned long>(&swap), 1, 0, DOMID_SELF}};
    calls[2] = {__HYPERVISOR_update_va_mapping, 0, {at, page, UVMF_INVLPG}};
    EXPECT_EQ(hypercall(__HYPERVISOR_multicall, calls, 3), 0);
    for (unsigned i = 0; i < 3; i++) EXPECT_EQ(calls[i].result, 0);
    EXPECT_EQ(l1[0][0], 0);
    EXPECT_EQ(entry_mfn(l1[1][0]), entry_mfn(page));
    EXPECT_EQ(set_entry(&top_table()[128], 0), 0);
}
