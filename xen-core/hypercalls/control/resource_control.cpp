// SPDX-License-Identifier: MIT
#include "arch/x86_64/console.h"
#include "arch/x86_64/direct_map.h"
#include "arch/x86_64/interrupts.h"
#include "hypercalls/control/control_calls.h"
#include "hypercalls/control/extensions.h"

#include <string.h>

namespace skerry {
namespace {

constexpr uint32_t max_io_ports = 65536;
constexpr uint32_t uart_ports = 8;

// Giving away hardware: what the giver may itself use; the first domain also the UART, which xen-core then lets go of.
template <typename Ranges> Status check_giver(const Domain& giver, const Ranges& own, uint64_t first, uint64_t last) {
    TRY_STATUS(AuthorityCheck::platform(giver, PlatformRight::grant_rights));
    return own.contains(first, last) ? success : Status(Error::not_permitted);
}

template <typename Ranges> Status change(Ranges& ranges, uint64_t first, uint64_t last, bool allow) {
    return allow ? ranges.add(first, last) : ranges.remove(first, last);
}

bool is_uart_range(uint64_t first, uint64_t last) {
    return uart_port() && first >= uart_port() && last < uart_port() + uart_ports;
}

} // namespace

Status set_max_memory(Caller& caller, Domain& target, const xen_domctl_max_mem& request) {
    TRY(AuthorityCheck::control(caller.domain, target));
    target.account.set_max_frames(request.max_memkb >> (page_shift - 10));
    return success;
}

// Of each frame number in the caller's array: what the frame is used as.
Status describe_frames(Caller& caller, Domain& target, xen_domctl_getpageframeinfo3& request) {
    TRY(AuthorityCheck::memory(caller.domain, target));
    constexpr uint64_t most = 1024;
    if (request.num > most) return Error::too_big;
    auto array = handle_of<xen_pfn_t>(request.array);
    for (uint64_t i = 0; i < request.num; ++i) {
        xen_pfn_t number;
        TRY_STATUS(array.read(number, i));
        auto reference = take_reference(Mfn(number), target.account);
        xen_pfn_t kind = XEN_DOMCTL_PFINFO_XTAB;
        if (reference.ok()) {
            FrameWord word = reference.value().frame().word();
            bool table = is_page_table(word.type()) && word.uses();
            kind = table ? table_level(word.type()) << XEN_DOMCTL_PFINFO_LTAB_SHIFT : 0;
            if (word.is_pinned()) kind |= XEN_DOMCTL_PFINFO_LPINTAB;
        }
        TRY_STATUS(array.write(kind, i));
    }
    return success;
}

Status write_hypercall_page(Caller& caller, Domain& target, const xen_domctl_hypercall_init& request) {
    TRY(AuthorityCheck::memory(caller.domain, target));
    WritableRef page = TRY(take_writable(Mfn(request.gmfn), target.account));
    fill_hypercall_page(to_pointer<uint8_t>(page.mfn()));
    return success;
}

Status permit_io_ports(Caller& caller, Domain& target, const xen_domctl_ioport_permission& request) {
    if (!request.nr_ports || request.first_port >= max_io_ports || request.nr_ports > max_io_ports - request.first_port)
        return Error::invalid;
    uint64_t first = request.first_port, last = first + request.nr_ports - 1;
    if (is_uart_range(first, last) && caller.domain.is_first()) {
        TRY_STATUS(AuthorityCheck::platform(caller.domain, PlatformRight::grant_rights));
        TRY_STATUS(change(target.io_ports, first, last, request.allow_access));
        if (request.allow_access) release_uart();
        return success;
    }
    TRY_STATUS(check_giver(caller.domain, caller.domain.io_ports, first, last));
    return change(target.io_ports, first, last, request.allow_access);
}

Status permit_interrupt(Caller& caller, Domain& target, const xen_domctl_irq_permission& request) {
    if (request.pirq >= interrupt_line_count()) return Error::invalid;
    TRY_STATUS(check_giver(caller.domain, caller.domain.interrupt_lines, request.pirq, request.pirq));
    TRY_STATUS(change(target.interrupt_lines, request.pirq, request.pirq, request.allow_access));
    return request.allow_access ? target.pirqs.map(request.pirq) : success;
}

Status permit_io_memory(Caller& caller, Domain& target, const xen_domctl_iomem_permission& request) {
    uint64_t first = request.first_mfn, last = first + request.nr_mfns - 1;
    if (!request.nr_mfns || last < first) return Error::invalid;
    TRY_STATUS(check_giver(caller.domain, caller.domain.io_memory, first, last));
    return change(target.io_memory, first, last, request.allow_access);
}

Status set_time_offset(Caller& caller, Domain& target, const xen_domctl_settimeoffset& request) {
    TRY(AuthorityCheck::control(caller.domain, target));
    if (target.is_dying()) return Error::invalid;
    target.wall_clock_offset = request.time_offset_seconds;
    target.publish_wall_clock();
    return success;
}

Status set_virq_handler(Caller& caller, Domain& target, const xen_domctl_set_virq_handler& request) {
    TRY_STATUS(AuthorityCheck::platform(caller.domain, PlatformRight::grant_rights));
    return global_virqs.set_handler(request.virq, &target.events);
}

Status set_right(Caller& caller, Domain& target, const xen_domctl_t& request) {
    TRY_STATUS(AuthorityCheck::platform(caller.domain, PlatformRight::grant_rights));
    SetRight wish;
    memcpy(&wish, &request.u, sizeof(wish));
    if (wish.padding || wish.held > 1) return Error::invalid;
    if (wish.kind == 0 && wish.right < static_cast<unsigned>(PlatformRight::count)) {
        PlatformRight right = static_cast<PlatformRight>(wish.right);
        if (wish.held) TRY_STATUS(AuthorityCheck::platform(caller.domain, right));
        target.authority.set(right, wish.held);
        return success;
    }
    if (wish.kind != 1 || wish.right >= static_cast<unsigned>(TargetRight::count)) return Error::invalid;
    TargetRight right = static_cast<TargetRight>(wish.right);
    if (wish.held && !caller.domain.authority.holds(right, DomId(wish.target))) return Error::not_permitted;
    return target.authority.set(right, DomId(wish.target), wish.held);
}

} // namespace skerry
