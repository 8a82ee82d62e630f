// SPDX-License-Identifier: MIT
// What an unprivileged domain may not do: control operations, physical devices, other domains' memory, I/O ports.
#include "lib/guest.h"

#include <initializer_list>
#include <xen/platform.h>

using namespace skerry::guest;

namespace {

// Each test runs in a fresh peer; it stores results from word 8 on and their number in word 0.
void note(long result) {
    const uint64_t n = mailbox.word[0];
    mailbox.word[8 + n] = static_cast<uint64_t>(result);
    mailbox.word[0] = n + 1;
}
Peer peer;
long result_of(unsigned index) { return static_cast<long>(peer.mail[8 + index]); }

bool run(void (*function)(), unsigned expected) {
    peer = {};
    if (peer.create(function) != 0) return EXPECT(!"a peer could not be built");
    peer.unpause();
    const bool good = EXPECT(peer.wait_shutdown(SHUTDOWN_poweroff)) && EXPECT_EQ(peer.mail[0], expected);
    return good;
}
long control(unsigned command, unsigned dom) {
    static xen_domctl call;
    call = {};
    call.cmd = command;
    call.domain = static_cast<domid_t>(dom);
    return domctl(call);
}

} // namespace

GUEST_CASE(domctl_on_others_and_itself) {
    REQUIRE(run(
        [] {
            for (const unsigned command :
                 {XEN_DOMCTL_createdomain, XEN_DOMCTL_destroydomain, XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain,
                  XEN_DOMCTL_getdomaininfo, XEN_DOMCTL_setvcpucontext, XEN_DOMCTL_getvcpucontext, XEN_DOMCTL_max_mem,
                  XEN_DOMCTL_setvcpuaffinity, XEN_DOMCTL_scheduler_op, XEN_DOMCTL_iomem_permission,
                  XEN_DOMCTL_ioport_permission, XEN_DOMCTL_irq_permission})
                note(control(command, 0));
            note(control(XEN_DOMCTL_destroydomain, 1));
            note(control(XEN_DOMCTL_unpausedomain, 0x7ff0));
            shutdown(SHUTDOWN_poweroff);
        },
        15));
    for (unsigned i = 0; i < 15; i++) {
        if (!EXPECT(result_of(i) == eperm || result_of(i) == esrch || result_of(i) == eacces || result_of(i) == einval))
            print("    number %u returned %ld\n", i, result_of(i));
    }
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(sysctl_and_platform) {
    REQUIRE(run(
        [] {
            xen_sysctl call{};
            call.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
            for (const unsigned command :
                 {XEN_SYSCTL_physinfo, XEN_SYSCTL_readconsole, XEN_SYSCTL_getdomaininfolist, XEN_SYSCTL_debug_keys}) {
                call.cmd = command;
                note(hypercall(__HYPERVISOR_sysctl, &call));
            }
            xen_platform_op op{};
            op.interface_version = XENPF_INTERFACE_VERSION;
            for (const unsigned command : {XENPF_settime64, XENPF_enter_acpi_sleep, XENPF_firmware_info}) {
                op.cmd = command;
                note(hypercall(__HYPERVISOR_platform_op, &op));
            }
            shutdown(SHUTDOWN_poweroff);
        },
        7));
    for (unsigned i = 0; i < 7; i++) EXPECT_EQ(result_of(i), eperm);
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(physical_devices) {
    REQUIRE(run(
        [] {
            physdev_set_iopl iopl{3};
            note(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl)); // granted as a number only
            physdev_apic apic{0xfec00000, 0x10, 0};
            note(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_apic_read, &apic));
            note(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_apic_write, &apic));
            physdev_map_pirq map{};
            map.domid = DOMID_SELF;
            map.type = MAP_PIRQ_TYPE_GSI;
            map.index = 4;
            map.pirq = 4;
            note(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq, &map));
            physdev_pci_device device{0, 0, 0};
            note(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add, &device));
            shutdown(SHUTDOWN_poweroff);
        },
        5));
    for (unsigned i = 1; i < 5; i++) EXPECT(result_of(i) < 0);
    EXPECT_EQ(peer.destroy(), 0);
}
static uint8_t in(uint16_t port) {
    uint8_t value = 0;
    asm volatile("inb %1, %0" : "=a"(value) : "d"(port));
    return value;
}
static void out(uint16_t port, uint8_t value) { asm volatile("outb %0, %1" ::"a"(value), "d"(port)); }
GUEST_CASE(ports_fault_without_io_privilege) {
    REQUIRE(run(
        [] {
            note(attempt([] { out(0x80, 0); }).vector);
            note(attempt([] { out(0x3ff, 0x5a); }).vector);
            note(attempt([] { in(0x64); }).vector);
            note(attempt([] { asm volatile("cli"); }).vector);
            shutdown(SHUTDOWN_poweroff);
        },
        4));
    for (unsigned i = 0; i < 3; i++) EXPECT_EQ(result_of(i), general_protection);
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(ports_do_nothing_with_io_privilege_but_no_right) {
    // The number a kernel sets keeps it from faulting; the ports themselves stay out of reach.
    REQUIRE(run(
        [] {
            physdev_set_iopl iopl{3};
            hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &iopl);
            out(0x3ff, 0x5a); // COM1's scratch register
            note(in(0x3ff));
            note(in(0x64));
            note(in(0x71));
            out(0x3f8, '!');
            shutdown(SHUTDOWN_poweroff);
        },
        3));
    for (unsigned i = 0; i < 3; i++) EXPECT_EQ(result_of(i), 0xff);
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(memory_of_the_first_domain) {
    REQUIRE(run(
        [] {
            xen_memory_reservation call{};
            xen_pfn_t frame = 0x1000;
            set_xen_guest_handle(call.extent_start, &frame);
            call.nr_extents = 1;
            call.domid = 0;
            note(memory_op(XENMEM_populate_physmap, &call));
            note(memory_op(XENMEM_decrease_reservation, &call));
            domid_t dom = 0;
            note(memory_op(XENMEM_current_reservation, &dom));
            shutdown(SHUTDOWN_poweroff);
        },
        3));
    for (unsigned i = 0; i < 3; i++) EXPECT(result_of(i) <= 0);
    EXPECT_EQ(peer.destroy(), 0);
}
static void against_domain_0() {
    void* page = alloc_page();
    const uint64_t value = mailbox.word[4] << 12 | page_flags;
    note(set_mapping(page, value));
    note(set_mapping_of(page, value, 0));
    note(set_mapping(page, value & ~pte_write));
    note(update(mailbox.word[4] << 12 | MMU_MACHPHYS_UPDATE, 5));
    note(update(mailbox.word[4] << 12, 5));
    note(pin(1, mailbox.word[4]));
    note(mmuext(MMUEXT_NEW_BASEPTR, mailbox.word[4]));
    note(mmuext(MMUEXT_CLEAR_PAGE, mailbox.word[4]));
    note(mmuext(MMUEXT_COPY_PAGE, mfn_of(page), mailbox.word[4]));
    note(set_mapping_of(page, value, DOMID_IO));
    note(set_mapping_of(page, value, DOMID_XEN));
    shutdown(SHUTDOWN_poweroff);
}
GUEST_CASE(frames_of_the_first_domain) {
    auto* victim = static_cast<uint64_t*>(alloc_page());
    victim[0] = 0x5ec4e7;
    peer = {};
    REQUIRE_EQ(peer.create(against_domain_0), 0);
    peer.mail[4] = mfn_of(victim);
    peer.unpause();
    REQUIRE(peer.wait_shutdown(SHUTDOWN_poweroff));
    EXPECT_EQ(peer.mail[0], 11);
    for (unsigned i = 0; i < 11; i++) EXPECT(result_of(i) < 0);
    EXPECT_EQ(victim[0], 0x5ec4e7);
    EXPECT_EQ(mfn_to_pfn(mfn_of(victim)), pfn_of(victim));
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(the_first_domain_on_domains_that_are_not) {
    for (const unsigned command :
         {XEN_DOMCTL_destroydomain, XEN_DOMCTL_pausedomain, XEN_DOMCTL_unpausedomain, XEN_DOMCTL_max_mem})
        EXPECT_EQ(control(command, 1234), esrch);
}
GUEST_CASE(wrong_interface_version) {
    xen_domctl call{};
    call.cmd = XEN_DOMCTL_getdomaininfo;
    call.interface_version = 1;
    EXPECT_EQ(hypercall(__HYPERVISOR_domctl, &call), eacces);
    EXPECT_EQ(hypercall(__HYPERVISOR_domctl, 0x1000), efault);
}
