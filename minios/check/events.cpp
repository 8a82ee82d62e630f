// SPDX-License-Identifier: MIT
#include "checks.h"

using namespace minios;

namespace {

int handled;
Port there;

void send_later(void*) {
    clock::sleep_ms(2);
    (void)events::notify(there);
}

} // namespace

void check_events() {
    auto unbound = events::allocate_unbound(dom_self);
    report("event channel to ourselves", unbound.ok());
    auto bound = events::bind_interdomain(dom_self, *unbound);
    report("bound", bound.ok());
    there = *bound;
    events::set_handler(
        *unbound, [](Port, void* context) { ++*static_cast<int*>(context); }, &handled);
    report("notify", events::notify(there).ok());
    threads::yield();
    CHECK(handled == 1);

    events::mask(*unbound);
    (void)events::notify(there);
    threads::yield();
    report("masked events wait", handled == 1);
    events::unmask(*unbound);
    threads::yield();
    CHECK(handled == 2);

    events::set_handler(*unbound, nullptr, nullptr);
    (void)threads::create("send later", send_later, nullptr);
    report("wait for an event", events::wait(*unbound, clock::now_ns() + 1'000'000'000));
    report("wait with no event", !events::wait(*unbound, clock::now_ns() + 3'000'000));
    events::close(*unbound);
    events::close(there);
    report("a closed port is refused", !events::notify(there).ok());
}

void check_grants() {
    auto* page = static_cast<char*>(pages::allocate());
    __builtin_memcpy(page, "lent", 5);
    const DomId self{0}; // as first domain we are domain 0
    auto reference = grants::lend(self, pages::mfn_of(page), Access::read_write);
    report("lend a page", reference.ok());
    if (is_first_domain()) {
        auto mapped = grants::MappedGrant::map(self, *reference, Access::read_write);
        report("map the loan", mapped.ok() && __builtin_memcmp(mapped->data(), "lent", 5) == 0);
        report("a mapped loan cannot end", grants::end(*reference).error() == Error::busy);
        mapped->unmap();
        auto missing = grants::MappedGrant::map(self, GrantRef{500}, Access::read_only);
        report("a loan that was never made is refused", !missing.ok());
    }
    report("end the loan", grants::end(*reference).ok());
    pages::release(page);
}
