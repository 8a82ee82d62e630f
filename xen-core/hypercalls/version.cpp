// SPDX-License-Identifier: MIT
// xen_version: what this hypervisor says of itself (<xen/version.h>). The version is that of the interface: 4.17.
#include "arch/x86_64/memory_map.h"
#include "hypercalls/dispatch.h"

#include <xen/features.h>

namespace skerry {

constexpr int64_t interface_version = (4 << 16) | 17;

constexpr xen_extraversion_t extra_version = ".0-skerry";
constexpr xen_compile_info_t compile_info{
    .compiler = "g++ " __VERSION__, .compile_by = "skerry", .compile_domain = "skerry", .compile_date = "reproducible"};
constexpr xen_capabilities_info_t capabilities = "xen-3.0-x86_64 ";
constexpr xen_changeset_info_t changeset = "unavailable";

template <typename T> HypercallResult answer(GuestHandle<void> argument, const T& value) {
    return argument.as<T>().write(value);
}

// The platform's own command line is nobody's business but of who may read the log.
static HypercallResult command_line(const Domain& domain, GuestHandle<void> argument) {
    xen_commandline_t text{};
    const char* line = domain.authority.holds(PlatformRight::read_log) ? platform_command_line() : "";
    memcpy(text, line, std::min(strlen(line), sizeof(text) - 1)); // the rest stays zero
    return answer(argument, text);
}

static Status features(Domain& domain, xen_feature_info_t& info) {
    if (info.submap_idx >= XENFEAT_NR_SUBMAPS) return Error::invalid;
    // XENMEMF_vnode is a wish that a machine with one node fulfils; a PV guest's own frame numbers are the machine's.
    info.submap = (1u << XENFEAT_memory_op_vnode_supported) | (1u << XENFEAT_mmu_pt_update_preserve_ad) |
                  (1u << XENFEAT_highmem_assist) | (1u << XENFEAT_gnttab_map_avail_bits) |
                  (1u << XENFEAT_direct_mapped);
    if (domain.vm_assist & (1ul << VMASST_TYPE_pae_extended_cr3)) info.submap |= 1u << XENFEAT_pae_pgdir_above_4gb;
    if (domain.is_first()) info.submap |= 1u << XENFEAT_dom0;
    return success;
}

HypercallResult hypercall_xen_version(Caller& caller, uint32_t command, GuestHandle<void> argument) {
    switch (command) {
    case XENVER_version: return interface_version;
    case XENVER_extraversion: return answer(argument, extra_version);
    case XENVER_compile_info: return answer(argument, compile_info);
    case XENVER_capabilities: return answer(argument, capabilities);
    case XENVER_changeset: return answer(argument, changeset);
    case XENVER_platform_parameters:
        return answer(argument, xen_platform_parameters_t{.virt_start = layout::m2p_guest_view});
    case XENVER_get_features: return perform<features>(argument, caller.domain());
    case XENVER_pagesize: return argument.is_null() ? static_cast<int64_t>(page_size) : HypercallResult(Error::invalid);
    case XENVER_guest_handle: return answer(argument, caller.domain().handle);
    case XENVER_commandline: return command_line(caller.domain(), argument);
    default: return Error::no_system_call;
    }
}

HypercallResult hypercall_vm_assist(Caller& caller, uint32_t command, uint32_t type) {
    constexpr unsigned long known = (1ul << VMASST_TYPE_4gb_segments) | (1ul << VMASST_TYPE_4gb_segments_notify) |
                                    (1ul << VMASST_TYPE_writable_pagetables) | (1ul << VMASST_TYPE_pae_extended_cr3) |
                                    (1ul << VMASST_TYPE_architectural_iopl) |
                                    (1ul << VMASST_TYPE_runstate_update_flag) | (1ul << VMASST_TYPE_m2p_strict);
    if (type >= 64 || !(known & (1ul << type))) return Error::invalid;
    switch (command) {
    case VMASST_CMD_enable: caller.domain().vm_assist |= 1ul << type; return 0;
    case VMASST_CMD_disable: caller.domain().vm_assist &= ~(1ul << type); return 0;
    default: return Error::no_system_call;
    }
}

} // namespace skerry
