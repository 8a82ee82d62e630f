// SPDX-License-Identifier: MIT
// xen_version: what a guest learns about the hypervisor, and features that a PV guest may count on.
#include "lib/guest.h"

#include <initializer_list>
#include <xen/features.h>

using namespace skerry::guest;

GUEST_CASE(version_number) {
    const long version = xen_version(XENVER_version, nullptr);
    EXPECT(version >> 16 >= 4);
}
GUEST_CASE(texts_end) {
    xen_extraversion_t extra;
    memset(extra, 1, sizeof extra);
    EXPECT_EQ(xen_version(XENVER_extraversion, extra), 0);
    bool ends = false;
    for (const char c : extra) ends |= c == 0;
    EXPECT(ends);
    xen_capabilities_info_t capabilities;
    EXPECT_EQ(xen_version(XENVER_capabilities, capabilities), 0);
    EXPECT(strstr(capabilities, "xen-3.0-x86_64") != nullptr);
    xen_changeset_info_t changeset;
    EXPECT_EQ(xen_version(XENVER_changeset, changeset), 0);
    xen_compile_info_t compile;
    EXPECT_EQ(xen_version(XENVER_compile_info, &compile), 0);
    xen_commandline_t line;
    EXPECT_EQ(xen_version(XENVER_commandline, line), 0);
}
GUEST_CASE(page_size_and_start) {
    EXPECT_EQ(xen_version(XENVER_pagesize, nullptr), 4096);
    xen_platform_parameters parameters{};
    EXPECT_EQ(xen_version(XENVER_platform_parameters, &parameters), 0);
    EXPECT_EQ(parameters.virt_start, HYPERVISOR_VIRT_START);
}
GUEST_CASE(features) {
    xen_feature_info info{0, 0};
    EXPECT_EQ(xen_version(XENVER_get_features, &info), 0);
    EXPECT(info.submap & 1U << XENFEAT_mmu_pt_update_preserve_ad);
    EXPECT(info.submap & 1U << XENFEAT_dom0);
    EXPECT_EQ(info.submap & 1U << XENFEAT_writable_page_tables, 0);
    EXPECT_EQ(info.submap & 1U << XENFEAT_auto_translated_physmap, 0);
    EXPECT_EQ(info.submap & 1U << XENFEAT_hvm_callback_vector, 0);
    info = {1000, 0};
    EXPECT_EQ(xen_version(XENVER_get_features, &info), einval);
}
static void features_of_a_guest() {
    xen_feature_info info{0, 0};
    mailbox.word[1] = static_cast<uint64_t>(xen_version(XENVER_get_features, &info));
    mailbox.word[0] = info.submap;
    shutdown(SHUTDOWN_poweroff);
}
GUEST_CASE(an_ordinary_guest_is_not_the_first_domain) {
    static Peer peer;
    REQUIRE_EQ(peer.create(features_of_a_guest), 0);
    peer.unpause();
    EXPECT(peer.wait_shutdown(SHUTDOWN_poweroff));
    EXPECT_EQ(peer.mail[1], 0);
    EXPECT_EQ(peer.mail[0] & 1U << XENFEAT_dom0, 0);
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(guest_handle) {
    xen_domain_handle_t handle;
    EXPECT_EQ(xen_version(XENVER_guest_handle, handle), 0);
}
GUEST_CASE(build_id_or_none) {
    const long result = xen_version(XENVER_build_id, nullptr);
    EXPECT(result > 0 || result < 0);
}
GUEST_CASE(bad_arguments) {
    for (const int command : {XENVER_extraversion, XENVER_compile_info, XENVER_capabilities, XENVER_platform_parameters,
                              XENVER_get_features}) {
        EXPECT_EQ(xen_version(command, reinterpret_cast<void*>(0x1000)), efault);
        EXPECT_EQ(xen_version(command, reinterpret_cast<void*>(0xffff830000000000)), efault);
    }
    EXPECT_EQ(xen_version(1000, nullptr), enosys);
}
