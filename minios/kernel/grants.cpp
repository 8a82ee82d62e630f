// SPDX-License-Identifier: MIT
// Grant table version 1: the entries of this domain, and maps of others' pages.
#include <minios/grants.h>

#include "page_table.h"

namespace minios::grants {

namespace {

// As many pages as Xen gives a domain unless its builder says otherwise; each is mapped when the entries before it are used.
constexpr unsigned most_pages = 64, entries_per_page = page_size / sizeof(grant_entry_v1_t);

constexpr std::size_t most_at_once = 32; // mappings in one hypercall
constexpr std::uint32_t no_handle = ~std::uint32_t{0};

grant_entry_v1_t* table[most_pages];
unsigned table_pages;
std::uint32_t next_unused = GNTTAB_NR_RESERVED_ENTRIES;
std::uint32_t free_list; // through `frame` of unused entries, which nobody but the hypervisor sees

grant_entry_v1_t& entry_of(std::uint32_t reference) {
    return table[reference / entries_per_page][reference % entries_per_page];
}
std::uint32_t entry_count() { return table_pages * entries_per_page; }

/// One more page of the table. Errors: no_space, no_memory: the domain may have no more; those of mapping it.
Result<void> grow() {
    if (table_pages == most_pages) return Error::no_space;
    static xen_pfn_t machine_frames[most_pages]; // static because the hypervisor writes to it
    gnttab_setup_table setup{};
    setup.dom = DOMID_SELF;
    setup.nr_frames = table_pages + 1;
    set_xen_guest_handle(setup.frame_list, machine_frames);
    if (const long result = hypercall::grant_table_op(GNTTABOP_setup_table, &setup, 1); result < 0)
        return error_of(result);
    if (setup.status != GNTST_okay) return Error::no_memory;
    const Mfn frame{machine_frames[table_pages]};
    auto mapped = mapping::map_frames(dom_self, {&frame, 1}, Access::read_write);
    if (!mapped) return mapped.error();
    table[table_pages++] = static_cast<grant_entry_v1_t*>(*mapped);
    return {};
}

Error error_of_status(std::int16_t status) {
    switch (status) {
    case GNTST_okay: return Error::none;
    case GNTST_bad_domain: return Error::no_such_process;
    case GNTST_bad_gntref: return Error::not_found;
    case GNTST_permission_denied: return Error::not_permitted;
    case GNTST_no_device_space: return Error::no_space;
    case GNTST_eagain: return Error::again;
    default: return Error::invalid;
    }
}

/// In one hypercall, side by side from `virt` on. What could not be mapped gets no_handle; the first error.
Error map_some(DomId domain, std::span<const GrantRef> references, Access access, std::uint64_t virt,
               std::uint32_t* handles) {
    gnttab_map_grant_ref operations[most_at_once] = {};
    for (std::size_t i = 0; i < references.size(); ++i) {
        operations[i].host_addr = virt + i * page_size;
        operations[i].flags = GNTMAP_host_map | (access == Access::read_only ? GNTMAP_readonly : 0);
        operations[i].ref = references[i].value;
        operations[i].dom = domain.value;
        operations[i].status = GNTST_general_error; // until the hypervisor has come to it
    }
    const long result =
        hypercall::grant_table_op(GNTTABOP_map_grant_ref, operations, static_cast<unsigned>(references.size()));
    Error error = result < 0 ? error_of(result) : Error::none;
    for (std::size_t i = 0; i < references.size(); ++i) {
        const bool mapped = operations[i].status == GNTST_okay;
        handles[i] = mapped ? operations[i].handle : no_handle;
        if (!mapped && error == Error::none) error = error_of_status(operations[i].status);
    }
    return error;
}

void unmap_one(std::uint64_t virt, std::uint32_t handle) {
    gnttab_unmap_grant_ref operation{virt, 0, handle, 0};
    const long result = hypercall::grant_table_op(GNTTABOP_unmap_grant_ref, &operation, 1);
    if (result < 0 || operation.status != GNTST_okay)
        panic("grants: cannot unmap %lx: %ld, status %d", virt, result, operation.status);
}

} // namespace

Result<GrantRef> lend(DomId domain, Mfn frame, Access access) {
    std::uint32_t reference = free_list;
    if (reference == 0) {
        if (next_unused >= entry_count())
            if (auto grown = grow(); !grown) return grown.error();
        reference = next_unused++;
    } else {
        free_list = entry_of(reference).frame;
    }
    grant_entry_v1_t& entry = entry_of(reference);
    entry.domid = domain.value;
    entry.frame = static_cast<std::uint32_t>(frame.value);
    const std::uint16_t flags = GTF_permit_access | (access == Access::read_only ? GTF_readonly : 0);
    __atomic_store_n(&entry.flags, flags, __ATOMIC_RELEASE);
    return GrantRef{reference};
}

Result<void> end(GrantRef reference) {
    if (reference.value < GNTTAB_NR_RESERVED_ENTRIES || reference.value >= entry_count()) return Error::invalid;
    grant_entry_v1_t& entry = entry_of(reference.value);
    std::uint16_t now = __atomic_load_n(&entry.flags, __ATOMIC_ACQUIRE);
    do {
        if ((now & (GTF_reading | GTF_writing)) != 0) return Error::busy;
    } while (!__atomic_compare_exchange_n(&entry.flags, &now, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE));
    entry.frame = free_list;
    free_list = reference.value;
    return {};
}

Result<void*> map_side_by_side(DomId domain, std::span<const GrantRef> references, Access access,
                               std::span<std::uint32_t> handles) {
    auto reserved = mapping::reserve(references.size());
    if (!reserved) return reserved;
    const auto virt = reinterpret_cast<std::uint64_t>(*reserved);
    Error error = Error::none;
    std::size_t tried = 0;
    while (tried < references.size() && error == Error::none) {
        const std::size_t left = references.size() - tried, count = left < most_at_once ? left : most_at_once;
        error = map_some(domain, references.subspan(tried, count), access, virt + tried * page_size, &handles[tried]);
        tried += count;
    }
    if (error == Error::none) return reserved;
    for (std::size_t i = 0; i < tried; ++i)
        if (handles[i] != no_handle) unmap_one(virt + i * page_size, handles[i]);
    mapping::unreserve(*reserved, references.size());
    return error;
}

void unmap_side_by_side(void* first, std::span<const std::uint32_t> handles) {
    const auto virt = reinterpret_cast<std::uint64_t>(first);
    for (std::size_t i = 0; i < handles.size(); ++i) unmap_one(virt + i * page_size, handles[i]);
    mapping::unreserve(first, handles.size());
}

Result<MappedGrant> MappedGrant::map(DomId domain, GrantRef reference, Access access) {
    MappedGrant grant;
    auto mapped = map_side_by_side(domain, {&reference, 1}, access, {&grant.handle_, 1});
    if (!mapped) return mapped.error();
    grant.address_ = *mapped;
    return grant;
}

void MappedGrant::unmap() {
    if (address_ != nullptr) unmap_side_by_side(address_, {&handle_, 1});
    address_ = nullptr;
}

} // namespace minios::grants
