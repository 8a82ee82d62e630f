// SPDX-License-Identifier: MIT
#include "tests/unit/builder-domain/fake_hypervisor.h"

#include <minios/control_operations.h>

#include <algorithm>
#include <cstring>

namespace skerry::builder {
namespace {

constexpr uint64_t frame_mask = 0x000ffffffffff000;

} // namespace

uint64_t FakeHypervisor::allocate(domid_t owner) {
    next_frame_ += scattered ? 2 : 1;
    auto page = std::make_unique<Page>();
    page->fill(std::byte{0}); // as the hypervisor gives it
    frames_[next_frame_] = {owner, std::move(page)};
    return next_frame_;
}

long FakeHypervisor::destroy(domid_t domain) {
    if (!domains.contains(domain)) return -XEN_ESRCH;
    std::erase_if(frames_, [&](const auto& frame) { return frame.second.owner == domain; });
    if (lingering > 0)
        domains[domain].flags = XEN_DOMINF_dying;
    else
        domains.erase(domain);
    return 0;
}

long FakeHypervisor::domctl(xen_domctl_t& operation) {
    if (operation.cmd == XEN_DOMCTL_destroydomain) return destroy(operation.domain); // how failures are undone
    if (fails()) return -XEN_ENOMEM;
    if (operation.domain == DOMID_SELF) operation.domain = self;
    if (operation.cmd == XEN_DOMCTL_createdomain) {
        if (operation.domain == 0) operation.domain = next_domain_++;
        if (domains.contains(operation.domain)) return -XEN_EEXIST;
        Domain& domain = domains[operation.domain];
        domain.shared_info = allocate(operation.domain);
        frames_[domain.shared_info].page->fill(std::byte{0});
        return 0;
    }
    auto found = domains.find(operation.domain);
    if (found == domains.end()) return -XEN_ESRCH;
    Domain& domain = found->second;
    switch (operation.cmd) {
    case XEN_DOMCTL_max_vcpus: domain.vcpus = operation.u.max_vcpus.max; return 0;
    case XEN_DOMCTL_max_mem: domain.max_pages = operation.u.max_mem.max_memkb / 4; return 0;
    case XEN_DOMCTL_getdomaininfo:
        if (domain.flags == XEN_DOMINF_dying && lingering-- <= 0) {
            domains.erase(found);
            return -XEN_ESRCH;
        }
        operation.u.getdomaininfo.shared_info_frame = domain.shared_info;
        operation.u.getdomaininfo.flags = domain.flags;
        return 0;
    case XEN_DOMCTL_hypercall_init: domain.hypercall_page = operation.u.hypercall_init.gmfn; return 0;
    case XEN_DOMCTL_setvcpucontext:
        domain.context = *operation.u.vcpucontext.ctxt.p;
        domain.has_context = true;
        return domain.context.ctrlreg[3] >> 12 == domain.pinned ? 0 : -XEN_EINVAL;
    case XEN_DOMCTL_unpausedomain: domain.started = true; return domain.has_context ? 0 : -XEN_EINVAL;
    case minios::control::seal:
        // A quick service would have mapped the page of a channel that it was offered.
        if (std::ranges::any_of(domain.ports, [](domid_t remote) { return remote != 0; })) return -XEN_EBUSY;
        domain.sealed = knows_seal;
        return knows_seal ? 0 : -XEN_ENOSYS;
    case XEN_DOMCTL_ioport_permission: domain.granted.push_back("ports"); return 0;
    case XEN_DOMCTL_irq_permission: domain.granted.push_back("irq"); return 0;
    case XEN_DOMCTL_iomem_permission: domain.granted.push_back("iomem"); return 0;
    case minios::control::set_right: {
        minios::control::SetRight wish;
        std::memcpy(&wish, &operation.u, sizeof(wish));
        domain.granted.push_back((wish.held ? "right " : "without right ") + std::to_string(wish.right) +
                                 (wish.kind ? " over " + std::to_string(wish.target) : ""));
        return 0;
    }
    case minios::control::get_rights: {
        minios::control::GetRights rights{};
        for (const auto& [id, held] : domain.holders) rights.holders[rights.holder_count++] = {id, held, held};
        std::memcpy(&operation.u, &rights, sizeof(rights));
        return 0;
    }
    case XEN_DOMCTL_set_virq_handler: domain.granted.push_back("log"); return 0;
    case XEN_DOMCTL_setvcpuaffinity: domain.granted.push_back("affinity"); return 0;
    case XEN_DOMCTL_scheduler_op: {
        auto& parameters = operation.u.scheduler_op.u.credit2;
        if (operation.u.scheduler_op.cmd == XEN_DOMCTL_SCHEDOP_getinfo) parameters = {domain.weight, domain.cap};
        domain.weight = parameters.weight;
        domain.cap = parameters.cap;
        return 0;
    }
    default: return -XEN_ENOSYS;
    }
}

long FakeHypervisor::sysctl(xen_sysctl_t& operation) {
    if (fails()) return -XEN_ENOMEM;
    if (operation.cmd == XEN_SYSCTL_getdomaininfolist) {
        auto& list = operation.u.getdomaininfolist;
        list.num_domains = 0;
        for (const auto& [id, domain] : domains)
            if (id >= list.first_domain && list.num_domains < list.max_domains)
                list.buffer.p[list.num_domains++].domain = id;
        return 0;
    }
    operation.u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
    return 0;
}

long FakeHypervisor::set_memory_map(const xen_foreign_memory_map_t& map) {
    if (!domains.contains(map.domid) || map.map.nr_entries != 1) return -XEN_EINVAL;
    if (fails()) return -XEN_ENOMEM;
    const auto* entry = static_cast<const char*>(map.map.buffer.p);
    std::memcpy(&domains[map.domid].map_bytes, entry + 8, 8); // behind the address: the size
    return 0;
}

long FakeHypervisor::memory_op(unsigned command, void* argument) {
    if (command == XENMEM_set_memory_map) return set_memory_map(*static_cast<xen_foreign_memory_map_t*>(argument));
    auto& reservation = *static_cast<xen_memory_reservation_t*>(argument);
    if (command != XENMEM_populate_physmap || !domains.contains(reservation.domid)) return -XEN_EINVAL;
    if (fails()) return 0; // no extent done
    Domain& domain = domains[reservation.domid];
    if (reservation.extent_order != 0 && !large_extents) return 0;
    for (uint64_t i = 0; i < reservation.nr_extents; ++i) {
        uint64_t first = 0, pages = uint64_t{1} << reservation.extent_order;
        if (domain.p2m.size() + pages > domain.max_pages || free_frames < pages) return static_cast<long>(i);
        free_frames -= pages;
        for (uint64_t page = 0; page < pages; ++page) {
            if (reservation.extent_start.p[i] + page != domain.p2m.size())
                return -XEN_EINVAL; // the builder populates in order
            domain.p2m.push_back(allocate(reservation.domid));
            if (page == 0) first = domain.p2m.back();
        }
        reservation.extent_start.p[i] = first;
    }
    return static_cast<long>(reservation.nr_extents);
}

// As the hypervisor validates: each present entry is a frame of the domain, tables are nowhere writable.
long FakeHypervisor::check_tables(domid_t domain, uint64_t table, int level, std::map<uint64_t, int>& tables,
                                  std::map<uint64_t, bool>& writable) const {
    if (auto [at, added] = tables.try_emplace(table, level); !added) return at->second == level ? 0 : -XEN_EINVAL;
    for (size_t slot = 0; slot < 512; ++slot) {
        uint64_t entry;
        std::memcpy(&entry, frame(table).data() + slot * 8, 8);
        if (!(entry & 1)) continue;
        uint64_t target = (entry & frame_mask) >> 12;
        auto found = frames_.find(target);
        if (found == frames_.end() || found->second.owner != domain) return -XEN_EINVAL;
        if (level == 1)
            writable[target] |= (entry & 2) != 0;
        else if (long result = check_tables(domain, target, level - 1, tables, writable); result < 0)
            return result;
    }
    return 0;
}

long FakeHypervisor::mmuext_op(std::span<const mmuext_op_t> operations, DomId domain) {
    if (fails()) return -XEN_ENOMEM;
    if (!shown_.empty() || operations[0].cmd != MMUEXT_PIN_L4_TABLE) return -XEN_EINVAL;
    std::map<uint64_t, int> tables;
    std::map<uint64_t, bool> writable;
    if (long result = check_tables(domain.value, operations[0].arg1.mfn, 4, tables, writable); result < 0)
        return result;
    for (const auto& table : tables)
        if (writable[table.first]) return -XEN_EINVAL;
    domains[domain.value].pinned = operations[0].arg1.mfn;
    return 0;
}

long FakeHypervisor::event_channel_op(int command, void* argument) {
    auto& channel = *static_cast<evtchn_alloc_unbound_t*>(argument);
    if (command != EVTCHNOP_alloc_unbound || !domains.contains(channel.dom)) return -XEN_EINVAL;
    if (fails()) return -XEN_ENOMEM;
    auto& ports = domains[channel.dom].ports;
    ports.push_back(channel.remote_dom);
    channel.port = static_cast<evtchn_port_t>(ports.size());
    return 0;
}

long FakeHypervisor::grant_table_op(unsigned command, void* operations, unsigned count) {
    auto& setup = *static_cast<gnttab_setup_table_t*>(operations);
    if (command != GNTTABOP_setup_table || count != 1 || !domains.contains(setup.dom)) return -XEN_EINVAL;
    setup.status = fails() ? GNTST_general_error : GNTST_okay;
    Domain& domain = domains[setup.dom];
    domain.grant_frame = allocate(setup.dom);
    frames_[domain.grant_frame].page->fill(std::byte{0});
    *setup.frame_list.p = domain.grant_frame;
    return 0;
}

long FakeHypervisor::physdev_op(int command, void* argument) {
    auto& mapping = *static_cast<physdev_map_pirq_t*>(argument);
    if (command != PHYSDEVOP_map_pirq || (mapping.domid != DOMID_SELF && !domains.contains(mapping.domid)))
        return -XEN_EINVAL;
    return fails() ? -XEN_ENOMEM : 0;
}

void FakeHypervisor::write_back() {
    for (size_t i = 0; i < shown_.size(); ++i)
        if (auto found = frames_.find(shown_[i]); found != frames_.end())
            std::memcpy(found->second.page->data(), window_.data() + i * 4096, 4096);
    shown_.clear();
}

long FakeHypervisor::show(DomId domain, std::span<const Mfn> frames) {
    write_back();
    if (fails()) return -XEN_ENOMEM;
    if (domains[domain.value].sealed) return -XEN_EPERM;
    for (Mfn mfn : frames) {
        auto found = frames_.find(mfn.value);
        if (found == frames_.end() || found->second.owner != domain.value || mfn.value == domains[domain.value].pinned)
            return -XEN_EINVAL;
        std::memcpy(window_.data() + shown_.size() * 4096, found->second.page->data(), 4096);
        shown_.push_back(mfn.value);
    }
    return 0;
}

long FakeHypervisor::hide() {
    write_back();
    return 0;
}

uint64_t FakeHypervisor::walk(uint64_t root, uint64_t address) const {
    uint64_t entry = root << 12 | 1;
    for (int shift = 39; shift >= 12 && (entry & 1); shift -= 9)
        std::memcpy(&entry, frame((entry & frame_mask) >> 12).data() + (address >> shift & 511) * 8, 8);
    return entry;
}

uint64_t FakeHypervisor::entry_for(domid_t domain, uint64_t address) const {
    return walk(domains.at(domain).pinned, address);
}

std::string FakeHypervisor::read(domid_t domain, uint64_t address, size_t size) const {
    std::string text;
    while (text.size() < size) {
        uint64_t entry = entry_for(domain, address + text.size());
        if (!(entry & 1)) return text;
        size_t offset = (address + text.size()) % 4096;
        size_t count = std::min(size - text.size(), 4096 - offset);
        auto* page = reinterpret_cast<const char*>(frame((entry & frame_mask) >> 12).data());
        text.append(page + offset, count);
    }
    return text;
}

} // namespace skerry::builder
