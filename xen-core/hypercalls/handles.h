// SPDX-License-Identifier: MIT
// From the guest handles inside ABI structures to ours, and which domain an argument names.
#pragma once

#include "domain/authority.h"
#include "domain/domain_table.h"
#include "hypercalls/caller.h"

namespace skerry {

// XEN_GUEST_HANDLE(T) and XEN_GUEST_HANDLE_64(T) both are a structure around one pointer.
template <typename Element, typename XenHandle> GuestHandle<Element> handle_of(const XenHandle& handle) {
    return GuestHandle<Element>(GuestVirt(reinterpret_cast<uint64_t>(handle.p)));
}

// The domain that `number` names, DOMID_SELF being the caller. Kept alive by the result. Errors: no_such_domain.
inline Result<DomainRef> named_domain(Caller& caller, uint16_t number) {
    if (number == DOMID_SELF || number == caller.domain.id.value) return DomainRef(caller.domain);
    return domain_table.find(DomId(number));
}

// The same, for an operation on its memory or on its behalf while it is built. Errors: no_such_domain, not_permitted.
inline Result<DomainRef> buildable_domain(Caller& caller, uint16_t number) {
    DomainRef domain = TRY(named_domain(caller, number));
    auto access = AuthorityCheck::memory(caller.domain, *domain);
    if (!access.ok()) return access.error();
    return domain;
}

} // namespace skerry
