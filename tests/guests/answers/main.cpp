// SPDX-License-Identifier: MIT
// What calls answer at their edges: nothing to do, nothing there, not like this. Kernels and tools look at the errors.
#include "lib/guest.h"

#include <initializer_list>
#include <span>
#include <xen/callback.h>
#include <xen/features.h>
#include <xen/platform.h>

using namespace skerry::guest;

static xen_memory_reservation reservation(uint64_t* frames, unsigned long count) {
    xen_memory_reservation call{};
    call.extent_start.p = frames;
    call.nr_extents = count;
    call.domid = DOMID_SELF;
    return call;
}
GUEST_CASE(reservations_of_nothing) {
    for (const unsigned command : {XENMEM_increase_reservation, XENMEM_decrease_reservation, XENMEM_populate_physmap}) {
        xen_memory_reservation call = reservation(nullptr, 0);
        EXPECT_EQ(memory_op(command, &call), 0);
        // Not even the request can be read: nothing was done, and that is the count returned.
        EXPECT_EQ(memory_op(command, reinterpret_cast<void*>(0x1000)), 0);
    }
}
struct [[gnu::packed]] MapEntry {
    uint64_t start, size;
    uint32_t kind;
};
static MapEntry map_entries[128];
static long machine_map(MapEntry* room, unsigned& count) {
    xen_memory_map call{};
    call.buffer.p = room;
    call.nr_entries = count;
    const long result = memory_op(XENMEM_machine_memory_map, &call);
    count = call.nr_entries;
    return result;
}
GUEST_CASE(highest_frame_is_given_as_a_count) {
    unsigned count = 128;
    REQUIRE_EQ(machine_map(map_entries, count), 0);
    uint64_t end_of_memory = 0; // whole pages
    for (const MapEntry& entry : std::span(map_entries, count))
        if (const uint64_t end = (entry.start + entry.size) / 4096; entry.kind == 1 && end > end_of_memory)
            end_of_memory = end;
    EXPECT_EQ(memory_op(XENMEM_maximum_ram_page, nullptr), end_of_memory);
    for (uint64_t pfn = 0; pfn < boot_info.nr_pages; pfn++) REQUIRE(pfn_to_mfn(pfn) < end_of_memory);
}
GUEST_CASE(first_domain_may_grow) {
    domid_t self = DOMID_SELF;
    EXPECT_EQ(memory_op(XENMEM_current_reservation, &self), boot_info.nr_pages);
    EXPECT_EQ(memory_op(XENMEM_maximum_reservation, &self), 0xffffffff); // no dom0_mem=max:
    static uint64_t frames[2] = {boot_info.nr_pages, boot_info.nr_pages + 1};
    xen_memory_reservation call = reservation(frames, 2);
    EXPECT_EQ(memory_op(XENMEM_populate_physmap, &call), 2);
    EXPECT_EQ(memory_op(XENMEM_current_reservation, &self), boot_info.nr_pages + 2);
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &call), 2);
}
GUEST_CASE(highest_own_page_before_it_is_told) {
    domid_t self = DOMID_SELF;
    EXPECT_EQ(shared->arch.max_pfn, 0);
    EXPECT_EQ(memory_op(XENMEM_maximum_gpfn, &self), 0);
}
GUEST_CASE(machine_map_in_too_little_room) {
    unsigned all = 128, count = 2;
    EXPECT_EQ(machine_map(map_entries, all), 0);
    EXPECT(all > 3);
    EXPECT_EQ(machine_map(map_entries, count), einval);
    EXPECT_EQ(count, 2);
    // Without a buffer it is a question for the number.
    count = 0;
    EXPECT_EQ(machine_map(nullptr, count), 0);
    EXPECT_EQ(count, all);
}
GUEST_CASE(machine_map_reserves_the_interrupt_controllers) {
    unsigned count = 128;
    REQUIRE_EQ(machine_map(map_entries, count), 0);
    for (const uint64_t address : {0xfec00000ul, 0xfee00000ul}) {
        bool reserved = false;
        for (const MapEntry& entry : map_entries)
            reserved |= entry.start <= address && address < entry.start + entry.size && entry.kind != 1;
        EXPECT(reserved);
    }
}
GUEST_CASE(debug_register_errors) {
    EXPECT_EQ(hypercall(__HYPERVISOR_set_debugreg, 8, 0), enodev);
    EXPECT_EQ(hypercall(__HYPERVISOR_get_debugreg, 8), enodev);
    EXPECT_EQ(hypercall(__HYPERVISOR_set_debugreg, 7, 0x100000000), einval);
    EXPECT_EQ(hypercall(__HYPERVISOR_set_debugreg, 6, 0x100000000), einval);
    EXPECT_EQ(hypercall(__HYPERVISOR_set_debugreg, 0, 0xffff830000000000), eperm);
    EXPECT_EQ(hypercall(__HYPERVISOR_set_debugreg, 0, 0), 0);
}
GUEST_CASE(oneself_is_no_foreign_domain) {
    // By the number: whoever means itself says DOMID_SELF.
    void* page = alloc_page();
    EXPECT_EQ(update(machine_of(l1_entry(page)), *l1_entry(page), DOMID_SELF), 0);
    EXPECT_EQ(update(machine_of(l1_entry(page)), *l1_entry(page), 0), esrch);
    EXPECT_EQ(set_mapping_of(page, *l1_entry(page), 0), esrch);
    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0, 0), esrch);
}
GUEST_CASE(the_count_of_what_was_done_may_have_no_place) {
    mmuext_op call{};
    call.cmd = MMUEXT_TLB_FLUSH_LOCAL;
    EXPECT_EQ(hypercall(__HYPERVISOR_mmuext_op, &call, 1, 0x1000, DOMID_SELF), 0);
    EXPECT_EQ(hypercall(__HYPERVISOR_mmuext_op, &call, 1, 0xffff830000000000, DOMID_SELF), 0);
}
GUEST_CASE(control_of_a_vcpu_that_cannot_be) {
    xen_domctl call{};
    call.cmd = XEN_DOMCTL_getvcpuinfo;
    call.u.getvcpuinfo.vcpu = 99;
    EXPECT_EQ(domctl(call), einval);
}
GUEST_CASE(a_running_domain_has_no_reason_of_its_end) {
    xen_domctl call{};
    call.cmd = XEN_DOMCTL_getdomaininfo;
    REQUIRE_EQ(domctl(call), 0);
    EXPECT_EQ(call.u.getdomaininfo.flags & XEN_DOMINF_shutdown, 0);
    EXPECT_EQ(call.u.getdomaininfo.flags >> XEN_DOMINF_shutdownshift, 0xffff);
}
GUEST_CASE(an_address_is_looked_at_before_what_it_is_for) {
    callback_register call{6, 0, 0x1000000000000000};
    EXPECT_EQ(hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, &call), einval);
    call.address = 0x1000;
    EXPECT_EQ(hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, &call), enosys);
}
GUEST_CASE(callbacks_that_stay) {
    // A kernel cannot do without them, so they can be replaced only.
    for (const uint16_t type : {CALLBACKTYPE_event, CALLBACKTYPE_failsafe, CALLBACKTYPE_syscall, CALLBACKTYPE_sysenter,
                                CALLBACKTYPE_syscall32}) {
        callback_unregister call{type, 0};
        EXPECT_EQ(hypercall(__HYPERVISOR_callback_op, CALLBACKOP_unregister, &call), einval);
    }
    callback_unregister call{CALLBACKTYPE_nmi, 0};
    EXPECT_EQ(hypercall(__HYPERVISOR_callback_op, CALLBACKOP_unregister, &call), 0);
}
GUEST_CASE(page_size_wants_no_argument) {
    EXPECT_EQ(xen_version(XENVER_pagesize, nullptr), 4096);
    unsigned long argument = 0;
    EXPECT_EQ(xen_version(XENVER_pagesize, &argument), einval);
}
GUEST_CASE(features_of_the_first_domain) {
    xen_feature_info info{0, 0};
    EXPECT_EQ(xen_version(XENVER_get_features, &info), 0);
    EXPECT(info.submap & 1u << XENFEAT_memory_op_vnode_supported);
    EXPECT(info.submap & 1u << XENFEAT_highmem_assist);
    EXPECT(info.submap & 1u << XENFEAT_gnttab_map_avail_bits);
    EXPECT(info.submap & 1u << XENFEAT_direct_mapped);
    EXPECT_EQ(info.submap & 1u << XENFEAT_not_direct_mapped, 0);
}
GUEST_CASE(size_query_of_one_table_at_a_time) {
    gnttab_query_size call[2] = {};
    call[0].dom = call[1].dom = DOMID_SELF;
    EXPECT_EQ(grant_op(GNTTABOP_query_size, call, 1), 0);
    EXPECT_EQ(grant_op(GNTTABOP_query_size, call, 2), einval);
    EXPECT_EQ(grant_op(GNTTABOP_query_size, call, 0), einval);
}
GUEST_CASE(flushing_nothing_succeeds) {
    gnttab_cache_flush call{};
    EXPECT_EQ(grant_op(GNTTABOP_cache_flush, &call, 1), 0);
    call.a.dev_bus_addr = machine_of(alloc_page());
    call.op = GNTTAB_CACHE_CLEAN;
    EXPECT_EQ(grant_op(GNTTABOP_cache_flush, &call, 1), 0); // of no length
    call.length = 4096;
    call.op = 0;
    EXPECT_EQ(grant_op(GNTTABOP_cache_flush, &call, 1), 0); // nothing to be done to it
}
GUEST_CASE(periodic_timer_of_a_sibling) {
    vcpu_set_periodic_timer call{10000000};
    EXPECT_EQ(vcpu_op(VCPUOP_set_periodic_timer, 1, &call), 0);
    EXPECT_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 1, nullptr), 0);
    vcpu_set_singleshot_timer once{0, 0};
    EXPECT_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 1, &once), einval);
}
GUEST_CASE(flush_of_vcpus_without_a_list) {
    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, 0), einval);
    EXPECT_EQ(mmuext(MMUEXT_INVLPG_MULTI, 0, 0), einval);
}
GUEST_CASE(events_of_every_legacy_vcpu_begin_masked) {
    unsigned masked = 0;
    for (unsigned i = 2; i < 32; i++) masked += shared->vcpu_info[i].evtchn_upcall_mask;
    EXPECT_EQ(masked, 30);
}
GUEST_CASE(page_table_bits_that_are_the_guests) {
    // The uppermost bits of an entry mean nothing to the hypervisor or the machine.
    auto* page = static_cast<uint8_t*>(alloc_page());
    for (const unsigned bit : {9u, 10u, 11u, 52u, 53u, 58u, 59u, 60u, 61u, 62u})
        EXPECT_EQ(set_mapping(page, entry(mfn_of(page), page_flags | 1ul << bit)), 0);
    EXPECT_EQ(try_write(page).vector, no_trap);
    EXPECT_EQ(set_mapping(page, entry(mfn_of(page), page_flags)), 0);
}
GUEST_CASE(kernel_pages_carry_their_mark_from_the_start) {
    // Bit 52 of an L1 entry: a page of the guest's kernel, which the machine sees as a user's.
    EXPECT(*l1_entry(&boot_info) & 1ul << 52);
    EXPECT(*l1_entry(boot_info_page) & 1ul << 52);
    EXPECT(*l1_entry(top_table()) & 1ul << 52);
}
GUEST_CASE(the_first_mebibyte_can_be_mapped) {
    // Firmware's data: from the interrupt vectors and the BIOS data area to the ROMs.
    auto* page = static_cast<uint8_t*>(alloc_page());
    const Mfn own = mfn_of(page);
    for (const Mfn frame : {0ul, 1ul, 0x9ful, 0xa0ul, 0xe0ul, 0xfful})
        EXPECT_EQ(set_mapping(page, entry(frame, page_flags)), 0);
    EXPECT_EQ(set_mapping(page, entry(own, page_flags)), 0);
}
// Kernels take the numbers of their CPUs' APICs, and with these packages and cores, from here.
GUEST_CASE(numbers_of_the_cpus) {
    xen_platform_op call{};
    call.cmd = XENPF_get_cpuinfo;
    call.interface_version = XENPF_INTERFACE_VERSION;
    xenpf_pcpuinfo& info = call.u.pcpu_info;
    REQUIRE_EQ(hypercall(__HYPERVISOR_platform_op, &call), 0);
    EXPECT_EQ(info.flags, XEN_PCPU_FLAGS_ONLINE);
    EXPECT_EQ(info.apic_id, 0);
    EXPECT_EQ(info.acpi_id, 0);
    const uint32_t last = info.max_present;
    REQUIRE(last < 256);
    for (uint32_t cpu = 0; cpu <= last; cpu++) {
        info.xen_cpuid = cpu;
        REQUIRE_EQ(hypercall(__HYPERVISOR_platform_op, &call), 0);
        EXPECT_EQ(info.flags, XEN_PCPU_FLAGS_ONLINE);
        EXPECT(cpu == 0 || info.apic_id != 0);
        EXPECT(cpu == 0 || info.acpi_id != 0);
    }
    info.xen_cpuid = last + 1;
    EXPECT_EQ(hypercall(__HYPERVISOR_platform_op, &call), 0);
    EXPECT_EQ(info.flags, XEN_PCPU_FLAGS_INVALID);
    EXPECT_EQ(info.max_present, last);
}
