// SPDX-License-Identifier: MIT
#include "arch/x86_64/console.h"
#include "arch/x86_64/direct_map.h"
#include "arch/x86_64/interrupts.h"
#include "domain/hypercall_page.h"
#include "hypercalls/control/control_calls.h"
#include "hypercalls/control/extensions.h"

#include <string.h>

namespace skerry {
namespace {

constexpr uint32_t max_io_ports = 65536;
constexpr uint32_t uart_ports = 8;

// Gives hardware or takes it away: what the giver may itself use.
template <typename Ranges>
Status change(const Ranges& givers, Ranges& targets, uint64_t first, uint64_t last, bool allow) {
    if (!givers.contains(first, last)) return Error::not_permitted;
    return allow ? targets.add(first, last) : targets.remove(first, last);
}

bool is_uart_range(uint64_t first, uint64_t last) {
    return uart_port() && first >= uart_port() && last < uart_port() + uart_ports;
}

} // namespace

// Of each frame number in the caller's array: what the frame is used as.
Status describe_frames(Domain& target, const xen_domctl_getpageframeinfo3& request) {
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

Status write_hypercall_page(Domain& target, const xen_domctl_hypercall_init& request) {
    WritableRef page = TRY(take_writable(Mfn(request.gmfn), target.account));
    fill_hypercall_page(to_pointer<uint8_t>(page.mfn()));
    return success;
}

// The first domain may also give the UART, which xen-core then lets go of.
Status permit_io_ports(Caller& caller, Domain& target, const xen_domctl_ioport_permission& request) {
    if (!request.nr_ports || request.first_port >= max_io_ports || request.nr_ports > max_io_ports - request.first_port)
        return Error::invalid;
    uint64_t first = request.first_port, last = first + request.nr_ports - 1;
    if (!caller.domain.is_first() || !is_uart_range(first, last))
        return change(caller.domain.io_ports, target.io_ports, first, last, request.allow_access);
    if (!request.allow_access) return target.io_ports.remove(first, last);
    TRY_STATUS(target.io_ports.add(first, last));
    release_uart();
    return success;
}

Status permit_interrupt(Caller& caller, Domain& target, const xen_domctl_irq_permission& request) {
    uint32_t line = request.pirq;
    if (line >= interrupt_line_count()) return Error::invalid;
    TRY_STATUS(change(caller.domain.interrupt_lines, target.interrupt_lines, line, line, request.allow_access));
    return request.allow_access ? target.pirqs.map(line) : success;
}

Status permit_io_memory(Caller& caller, Domain& target, const xen_domctl_iomem_permission& request) {
    uint64_t first = request.first_mfn, last = first + request.nr_mfns - 1;
    if (!request.nr_mfns || last < first) return Error::invalid;
    return change(caller.domain.io_memory, target.io_memory, first, last, request.allow_access);
}

Status set_right(Caller& caller, Domain& target, const xen_domctl_t& request) {
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
