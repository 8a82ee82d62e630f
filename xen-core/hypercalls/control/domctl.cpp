// SPDX-License-Identifier: MIT
// domctl: building, running, inspecting and ending domains (<xen/domctl.h>). The operations by subject, each
// called with the domain's control lock held, then the list of them with the right that each needs.
#include "arch/x86_64/console.h"
#include "hypercalls/control/extensions.h"
#include "hypercalls/dispatch.h"

namespace skerry {
namespace {

// --- create, run, end ---

Status create_domain(Caller& caller, xen_domctl_t& request) {
    TRY(AuthorityCheck::platform(caller.domain(), PlatformRight::create_domains));
    const xen_domctl_createdomain& wish = request.u.createdomain;
    constexpr uint32_t meaningless_for_pv = XEN_DOMCTL_CDF_oos_off | XEN_DOMCTL_CDF_xs_domain;
    if (wish.flags & ~meaningless_for_pv) return Error::invalid; // HVM, nested, vPMU, IOMMU: not there
    DomainConfig config;
    memcpy(config.handle, wish.handle, sizeof(config.handle));
    config.max_vcpus = wish.max_vcpus;
    config.max_event_port = std::min(wish.max_evtchn_port, EventTable::fifo_ports - 1);
    if (wish.max_grant_frames >= 0) config.max_grant_frames = static_cast<uint32_t>(wish.max_grant_frames);
    if (wish.max_maptrack_frames >= 0) config.max_maptrack_frames = static_cast<uint32_t>(wish.max_maptrack_frames);
    uint32_t version = XEN_DOMCTL_GRANT_version(wish.grant_opts);
    if (version > 2) return Error::invalid;
    if (version) config.max_grant_version = static_cast<uint8_t>(version);
    DomId wanted(request.domain > 0 && request.domain < DomainTable::limit ? request.domain : DOMID_INVALID);
    DomainRef created = TRY(domain_table.create(wanted, config));
    for (TargetRight right : {TargetRight::control, TargetRight::map_memory})
        TRY(created->holders.set(caller.domain().id, right, true, true)); // its first holder: there is room
    request.domain = created->id.value;
    return success;
}

Status seal_domain(Caller& caller, Domain& target) {
    if (&target == &caller.domain()) return Error::invalid;
    if (target.account.mapped_by_others.load(std::memory_order_relaxed) > 0)
        return refuse(Error::busy, caller.domain().id, "seal of domain %u: others map its memory", target.id.value);
    target.is_sealed = true;
    return success;
}

// --- properties ---

Status set_time_offset(Domain& target, const xen_domctl_settimeoffset& request) {
    if (target.is_dying()) return Error::invalid;
    target.wall_clock_offset = request.time_offset_seconds;
    target.publish_wall_clock();
    return success;
}

// --- hardware and rights ---

constexpr uint32_t uart_ports = 8;

// Gives hardware or takes it away: what the giver may itself use.
template <typename Ranges>
Status change(const Ranges& givers, Ranges& targets, uint64_t first, uint64_t last, bool allow) {
    if (!givers.contains(first, last)) return Error::not_permitted;
    return allow ? targets.add(first, last) : targets.remove(first, last);
}

// The first domain may also give the UART, which xen-core then lets go of.
Status permit_io_ports(Caller& caller, Domain& target, const xen_domctl_ioport_permission& request) {
    if (!request.nr_ports || request.first_port >= max_io_ports || request.nr_ports > max_io_ports - request.first_port)
        return Error::invalid;
    uint64_t first = request.first_port, last = first + request.nr_ports - 1;
    bool is_uart = uart_port() && first >= uart_port() && last < uart_port() + uart_ports;
    if (!caller.domain().is_first() || !is_uart)
        return change(caller.domain().io_ports, target.io_ports, first, last, request.allow_access);
    if (!request.allow_access) return target.io_ports.remove(first, last);
    TRY(target.io_ports.add(first, last));
    log(LogLevel::info, "the serial line goes to domain %u", target.id.value); // the console domain looks for this line
    release_uart();
    return success;
}

Status permit_interrupt(Caller& caller, Domain& target, const xen_domctl_irq_permission& request) {
    uint32_t line = request.pirq;
    if (line >= interrupt_line_count()) return Error::invalid;
    TRY(change(caller.domain().interrupt_lines, target.interrupt_lines, line, line, request.allow_access));
    return request.allow_access ? target.pirqs.map(line) : success;
}

Status permit_io_memory(Caller& caller, Domain& target, const xen_domctl_iomem_permission& request) {
    uint64_t first = request.first_mfn, last = first + request.nr_mfns - 1;
    if (!request.nr_mfns || last < first) return Error::invalid;
    return change(caller.domain().io_memory, target.io_memory, first, last, request.allow_access);
}

// Rights over the platform come from who may give them and has them; rights over a domain from who may pass them on.
// Anybody may give up what is its own.
Status set_right(Caller& caller, Domain& holder, const xen_domctl_t& request) {
    SetRight wish;
    memcpy(&wish, &request.u, sizeof(wish));
    bool gives_up = &holder == &caller.domain() && wish.held == SetRight::taken;
    if (wish.padding || wish.held > SetRight::given_to_pass_on || holder.authority.holds_everything())
        return Error::invalid;
    if (wish.kind == 0 && wish.right < static_cast<unsigned>(PlatformRight::count)) {
        PlatformRight right = static_cast<PlatformRight>(wish.right);
        if (!gives_up) TRY(AuthorityCheck::platform(caller.domain(), PlatformRight::grant_rights));
        if (wish.held) TRY(AuthorityCheck::platform(caller.domain(), right));
        holder.authority.set(right, wish.held);
        return success;
    }
    if (wish.kind != 1 || wish.right >= static_cast<unsigned>(TargetRight::count)) return Error::invalid;
    TargetRight right = static_cast<TargetRight>(wish.right);
    DomainRef over = TRY(named_domain(caller, wish.target));
    if (!gives_up) TRY(AuthorityCheck::over(caller.domain(), right, *over, true));
    return over->holders.set(holder.id, right, wish.held, wish.held == SetRight::given_to_pass_on);
}

Status get_rights(Domain& domain, xen_domctl_t& request) {
    GetRights answer;
    memcpy(&answer, &request.u, sizeof(answer));
    uint32_t passed_over = answer.range_count;
    answer = {};
    answer.platform = domain.authority.held();
    domain.holders.for_each([&](const Holders::Holder& one) {
        answer.holders[answer.holder_count++] = {one.id.value, one.rights, one.to_pass_on};
    });
    uint32_t stored = 0;
    auto list = [&](auto& ranges, uint64_t kind) {
        for (auto range : ranges.all())
            if (answer.range_count++ >= passed_over && stored < std::size(answer.ranges))
                answer.ranges[stored++] = {kind, range.first, range.last};
    };
    list(domain.io_ports, 0);
    list(domain.interrupt_lines, 1);
    list(domain.io_memory, 2);
    memcpy(&request.u, &answer, sizeof(answer));
    return success;
}

// --- vCPUs ---

Result<Vcpu*> vcpu_of_domain(Domain& target, uint32_t number) {
    Vcpu* vcpu = target.vcpu(VcpuId(number));
    if (!vcpu) return Error::invalid;
    return vcpu;
}

// xenctl_bitmap: bytes, least significant first, as many as nr_bits needs.
Result<Affinity> read_affinity(const xenctl_bitmap& bitmap) {
    uint8_t bytes[max_cpus / 8] = {};
    uint32_t bits = std::min(bitmap.nr_bits, max_cpus);
    TRY(handle_of<uint8_t>(bitmap.bitmap).read_array(bytes, (bits + 7) / 8));
    if (bits % 8) bytes[bits / 8] &= static_cast<uint8_t>((1u << (bits % 8)) - 1);
    Affinity set;
    for (uint32_t i = 0; i < sizeof(bytes); ++i) set.set_byte(i, bytes[i]);
    return set;
}

Status write_affinity(const xenctl_bitmap& bitmap, const Affinity& set) {
    constexpr uint32_t most_bits = page_size * 8; // a bound for what is all zeros
    if (bitmap.nr_bits > most_bits) return Error::too_big;
    for (uint32_t i = 0; i < (bitmap.nr_bits + 7) / 8; ++i)
        TRY(handle_of<uint8_t>(bitmap.bitmap).write(i < max_cpus / 8 ? set.byte(i) : 0, i));
    return success;
}

// createdomain fixed the number; here the vCPUs come into being.
Status set_max_vcpus(Domain& target, const xen_domctl_max_vcpus& request) {
    if (request.max != target.max_vcpus() || target.is_dying()) return Error::invalid;
    for (uint32_t number = 0; number < request.max; ++number)
        if (!target.vcpu(VcpuId(number))) TRY(target.create_vcpu(VcpuId(number)));
    return success;
}

Status set_vcpu_context(Caller& caller, Domain& target, const xen_domctl_vcpucontext& request) {
    if (&target == &caller.domain() || target.is_dying()) return Error::invalid;
    Vcpu* vcpu = TRY(vcpu_of_domain(target, request.vcpu));
    if (!target.is_paused_by_control() || vcpu->is_on_cpu()) return Error::busy;
    auto context = TRY(CoreBox<vcpu_guest_context_t>::create(caller.domain().account));
    TRY(handle_of<vcpu_guest_context_t>(request.ctxt).read(*context));
    TRY(initialise_vcpu(*vcpu, *context, caller.budget));
    if (context->flags & VGCF_online) (void)scheduler.bring_up(*vcpu);
    return success;
}

Status get_vcpu_context(Caller& caller, Domain& target, const xen_domctl_vcpucontext& request) {
    if (&target == &caller.domain()) return Error::invalid;
    Vcpu* vcpu = TRY(vcpu_of_domain(target, request.vcpu));
    if (!vcpu->is_initialised) return Error::no_data;
    auto context = TRY(CoreBox<vcpu_guest_context_t>::create(caller.domain().account));
    scheduler.pause(*vcpu);
    bool is_saved = !vcpu->is_on_cpu();
    if (is_saved) describe_vcpu(*vcpu, *context);
    scheduler.unpause(*vcpu);
    if (!is_saved) return Error::restart;
    return handle_of<vcpu_guest_context_t>(request.ctxt).write(*context);
}

Status get_vcpu_info(Domain& target, xen_domctl_getvcpuinfo& request) {
    Vcpu* vcpu = TRY(vcpu_of_domain(target, request.vcpu));
    request.online = !vcpu->is_down();
    request.blocked = vcpu->is_blocked();
    request.running = vcpu->is_running();
    request.cpu_time = scheduler.runstate(*vcpu).time[RUNSTATE_running];
    request.cpu = vcpu->home().value;
    return success;
}

// XEN_DOMCTL_setvcpuaffinity (`sets`) and getvcpuaffinity: the bitmaps that the flags name are read, set, and answered.
Status affinity(Domain& target, const xen_domctl_vcpuaffinity& request, bool sets) {
    Vcpu* vcpu = TRY(vcpu_of_domain(target, request.vcpu));
    bool hard_asked = request.flags & XEN_VCPUAFFINITY_HARD, soft_asked = request.flags & XEN_VCPUAFFINITY_SOFT;
    Affinity hard = scheduler.hard_affinity(*vcpu), soft = scheduler.soft_affinity(*vcpu);
    if (sets) {
        if (hard_asked) hard = TRY(read_affinity(request.cpumap_hard));
        if (soft_asked) soft = TRY(read_affinity(request.cpumap_soft));
        TRY(scheduler.set_affinity(*vcpu, hard, soft));
        hard = hard & online_cpus;
        soft = soft & hard;
    }
    if (hard_asked) TRY(write_affinity(request.cpumap_hard, hard));
    if (soft_asked) TRY(write_affinity(request.cpumap_soft, soft));
    return success;
}

// The scheduler has the parameters of Xen's credit schedulers: weight and cap; credit2's are the same two.
Status schedule_domain(Domain& target, xen_domctl_scheduler_op& request) {
    if (request.sched_id != XEN_SCHEDULER_CREDIT && request.sched_id != XEN_SCHEDULER_CREDIT2) return Error::invalid;
    static_assert(sizeof(request.u.credit) == sizeof(request.u.credit2));
    if (request.cmd == XEN_DOMCTL_SCHEDOP_getinfo) {
        request.u.credit.weight = static_cast<uint16_t>(target.sched_group.weight());
        request.u.credit.cap = static_cast<uint16_t>(target.sched_group.cap());
        return success;
    }
    if (request.cmd != XEN_DOMCTL_SCHEDOP_putinfo) return Error::invalid;
    // Zero weight and all-ones cap mean: leave as it is.
    uint32_t weight = request.u.credit.weight ? request.u.credit.weight : target.sched_group.weight();
    uint32_t cap = request.u.credit.cap != UINT16_MAX ? request.u.credit.cap : target.sched_group.cap();
    TRY(target.sched_group.set(weight, cap));
    target.for_each_vcpu([](Vcpu& vcpu) { scheduler.reconsider(vcpu); });
    return success;
}

// --- the list ---

// Operations on a domain that exists, each for callers with the right that it needs.
Status operate(Caller& caller, Domain& domain, xen_domctl_t& request) {
    auto control = [&] { return AuthorityCheck::control(caller.domain(), domain); };
    auto reach = [&] { return AuthorityCheck::memory(caller.domain(), domain); };                        // its memory
    auto equip = [&] { return AuthorityCheck::platform(caller.domain(), PlatformRight::grant_rights); }; // and hardware
    auto inspect = [&] { return caller.domain().authority.holds(PlatformRight::inspect) ? success : control(); };
    auto look = [&] { return &domain == &caller.domain() ? success : inspect(); };
    // Or let it run again: not oneself.
    auto stop = [&]() -> Status {
        TRY(control());
        return success_if(&domain != &caller.domain() && !domain.is_dying(), Error::invalid);
    };
    auto& u = request.u;
    switch (request.cmd) {
    case XEN_DOMCTL_destroydomain:
        TRY(control());
        if (domain.is_first() || &domain == &caller.domain()) return Error::invalid;
        return domain.destroy(caller.budget);
    case XEN_DOMCTL_pausedomain:
        TRY(stop());
        if (!domain.may_be_paused_again()) return Error::overflow;
        domain.pause();
        return success;
    case XEN_DOMCTL_unpausedomain:
        TRY(stop());
        if (!domain.is_paused_by_control()) return Error::invalid;
        domain.unpause();
        return success;
    case XEN_DOMCTL_resumedomain:
        TRY(stop());
        domain.resume();
        return success;
    case XEN_DOMCTL_max_vcpus: TRY(control()); return set_max_vcpus(domain, u.max_vcpus);
    case XEN_DOMCTL_max_mem:
        TRY(control());
        domain.account.set_max_frames(u.max_mem.max_memkb >> (page_shift - 10));
        return success;
    case XEN_DOMCTL_settimeoffset: TRY(control()); return set_time_offset(domain, u.settimeoffset);
    case XEN_DOMCTL_setdomainhandle:
        TRY(control());
        memcpy(domain.handle, u.setdomainhandle.handle, sizeof(xen_domain_handle_t));
        return success;
    case domctl_seal: TRY(reach()); return seal_domain(caller, domain);
    case XEN_DOMCTL_setvcpucontext: TRY(reach()); return set_vcpu_context(caller, domain, u.vcpucontext);
    case XEN_DOMCTL_getvcpucontext: TRY(reach()); return get_vcpu_context(caller, domain, u.vcpucontext);
    case XEN_DOMCTL_hypercall_init: TRY(reach()); return domain.make_hypercall_page(Mfn(u.hypercall_init.gmfn));
    case XEN_DOMCTL_ioport_permission: TRY(equip()); return permit_io_ports(caller, domain, u.ioport_permission);
    case XEN_DOMCTL_irq_permission: TRY(equip()); return permit_interrupt(caller, domain, u.irq_permission);
    case XEN_DOMCTL_iomem_permission: TRY(equip()); return permit_io_memory(caller, domain, u.iomem_permission);
    case XEN_DOMCTL_set_virq_handler:
        TRY(equip());
        return global_virqs.set_handler(u.set_virq_handler.virq, &domain.events);
    case domctl_set_right: return set_right(caller, domain, request);
    case domctl_get_rights: TRY(look()); return get_rights(domain, request);
    case XEN_DOMCTL_getdomaininfo:
        TRY(look());
        domain.describe(u.getdomaininfo);
        return success;
    case XEN_DOMCTL_getvcpuinfo: TRY(inspect()); return get_vcpu_info(domain, u.getvcpuinfo);
    case XEN_DOMCTL_getvcpuaffinity: TRY(inspect()); return affinity(domain, u.vcpuaffinity, false);
    case XEN_DOMCTL_setvcpuaffinity: TRY(control()); return affinity(domain, u.vcpuaffinity, true);
    case XEN_DOMCTL_scheduler_op:
        TRY(u.scheduler_op.cmd == XEN_DOMCTL_SCHEDOP_getinfo ? inspect() : control());
        return schedule_domain(domain, u.scheduler_op);
    default: break;
    }
    TRY(control());
    constexpr uint32_t guest_word_bits = 64;
    switch (request.cmd) { // what a PV domain has only one value of
    case XEN_DOMCTL_set_address_size: return success_if(u.address_size.size == guest_word_bits, Error::invalid);
    case XEN_DOMCTL_get_address_size: u.address_size.size = guest_word_bits; return success;
    // The TSC is the hardware's own, never emulated (mode 0, the default, and 2).
    case XEN_DOMCTL_settscinfo: return success_if(!(u.tsc_info.tsc_mode & ~2u), Error::not_supported);
    default: return Error::no_system_call;
    }
}

} // namespace

HypercallResult hypercall_domctl(Caller& caller, GuestHandle<xen_domctl_t> operation) {
    xen_domctl_t request;
    TRY(operation.read(request));
    if (request.interface_version != XEN_DOMCTL_INTERFACE_VERSION) return Error::access_denied;
    if (request.cmd == XEN_DOMCTL_createdomain) {
        TRY(create_domain(caller, request));
    } else {
        // The walk through all domains is not for whoever likes to keep the machine busy.
        const Authority& held = caller.domain().authority;
        if (held.holds(PlatformRight::create_domains) || held.holds(PlatformRight::inspect)) domain_table.reap();
        // getdomaininfo answers for the first domain at or after the number that was asked for.
        DomainRef target = request.cmd == XEN_DOMCTL_getdomaininfo ? domain_table.next_from(request.domain)
                                                                   : TRY(named_domain(caller, request.domain));
        if (!target) return Error::no_such_domain;
        {
            Holding held(target->control);
            TRY(operate(caller, *target, request));
        }
        request.domain = target->id.value;
        // As on Xen, it has stopped when this returns; unless the caller is to stop, perhaps for whom it waits for.
        while (request.cmd == XEN_DOMCTL_pausedomain && !caller.vcpu.is_paused()) {
            Holding held(target->control); // not all the time: its vCPUs may want it before they can stop
            if (target->has_stopped() || !target->is_paused_by_control()) break;
            spin_wait_hook();
        }
    }
    return operation.write(request);
}

} // namespace skerry
