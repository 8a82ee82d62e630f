// SPDX-License-Identifier: MIT
// The library's own pieces, before the behaviours that rest on them: faults caught, user mode, a second vCPU, a second
// domain.
#include "lib/guest.h"

using namespace skerry::guest;

GUEST_CASE(a_fault_is_caught) {
    const Trap trap = try_write(reinterpret_cast<void*>(0x1234000));
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT_EQ(trap.cr2, 0x1234000);
}
GUEST_CASE(readonly_page_faults) {
    void* page = alloc_page();
    REQUIRE_EQ(make_readonly(page), 0);
    EXPECT_EQ(try_write(page).vector, page_fault);
    EXPECT_EQ(try_read(page).vector, no_trap);
    EXPECT_EQ(make_writable(page), 0);
    EXPECT_EQ(try_write(page).vector, no_trap);
}
GUEST_CASE(window_maps) {
    auto* page = static_cast<uint64_t*>(alloc_page());
    page[3] = 77;
    REQUIRE_EQ(window_map(0, entry(mfn_of(page), page_flags)), 0);
    EXPECT_EQ(static_cast<uint64_t*>(window(0))[3], 77);
    EXPECT_EQ(window_unmap(0), 0);
    EXPECT_EQ(try_read(window(0)).vector, page_fault);
}
USER_CODE(call_once, "mov $42, %eax\n syscall\n ud2");
GUEST_CASE(user_mode_calls) {
    const Trap trap = RUN_USER(call_once);
    EXPECT_EQ(trap.vector, syscall_vector);
    EXPECT_EQ(trap.frame.rax, 42);
    EXPECT(trap.frame.from_user());
    EXPECT_EQ(trap.frame.rip, user_base + 7);
}
static volatile unsigned ran_on = 99;
GUEST_CASE(second_vcpu_runs) {
    REQUIRE(run_on_vcpu1([] { ran_on = static_cast<unsigned>(this_vcpu()); }));
    REQUIRE(vcpu1_idle());
    EXPECT_EQ(ran_on, 1);
}
static void answer() {
    mailbox.word[0] = 4711;
    shutdown(SHUTDOWN_poweroff);
}
GUEST_CASE(second_domain_runs) {
    static Peer peer;
    REQUIRE_EQ(peer.create(answer), 0);
    REQUIRE_EQ(peer.unpause(), 0);
    EXPECT(wait_for([] { return peer.mail[0] == 4711; }));
    EXPECT(peer.wait_shutdown(SHUTDOWN_poweroff));
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(event_to_self) {
    unsigned ports[2];
    REQUIRE_EQ(bind_loop(ports), 0);
    unmask_port(ports[1]);
    events_on();
    EXPECT_EQ(send(ports[0]), 0);
    EXPECT_EQ(event_count[ports[1]], 1);
    events_off();
}
