// SPDX-License-Identifier: MIT
#include "builder-domain/service/guests.h"

#include "builder-domain/create/contents.h"
#include "builder-domain/create/new_domain.h"
#include "builder-domain/create/resources.h"
#include "builder-domain/create/rights.h"
#include "builder-domain/description/parser.h"

namespace skerry::builder {
namespace {

Status check_section(const PlatformDescription& description) {
    if (description.domains.size() != 1) return Failure() << "one domain at a time, not " << description.domains.size();
    const DomainDescription& domain = description.domains[0];
    auto refuse = [&](bool given, std::string_view key) -> Status {
        if (given) return Failure() << "`" << key << "` is not this builder's to give";
        return {};
    };
    BUILDER_TRY(refuse(!domain.ioports.empty(), "ioports"));
    BUILDER_TRY(refuse(!domain.irqs.empty(), "irqs"));
    BUILDER_TRY(refuse(!domain.iomem.empty(), "iomem"));
    BUILDER_TRY(refuse(!domain.rights.empty(), "rights"));
    BUILDER_TRY(refuse(!domain.channels.empty(), "channel"));
    BUILDER_TRY(refuse(!domain.knows.empty(), "knows"));
    BUILDER_TRY(refuse(domain.state_pages != 0, "state"));
    BUILDER_TRY(refuse(domain.console.kind == Service::Kind::founder, "console = founder"));
    if (!domain.seal) return Failure() << "`seal = no`: this builder seals what it builds";
    return {};
}

Connection connect(NewDomain& domain, const Service& service, const KnownDomains& known) {
    if (service.kind != Service::Kind::known) return {};
    const DomId server = known[service.index].id;
    return {.server = server, .port = domain.plan_channel(server)};
}

Status hand_over(Hypervisor& hypervisor, DomId domain, DomId owner) {
    BUILDER_TRY(give_control(hypervisor, owner, domain));
    return take_maker_rights(hypervisor, DomId(DOMID_SELF), domain);
}

} // namespace

Result<BuiltGuest> build_guest(Hypervisor& hypervisor, const ModuleSet& images, const KnownDomains& known, DomId owner,
                               std::string_view section) {
    static PlatformDescription description; // large
    std::string_view names[max_channels];
    for (size_t i = 0; i < known.size(); ++i) names[i] = known[i].name;
    BUILDER_TRY(parse_description(section, description, {names, known.size()}));
    BUILDER_TRY(check_section(description));
    const DomainDescription& wish = description.domains[0];

    auto file = find_module(images, wish.image(), wish.loader.empty() ? "kernel" : "loader");
    BUILDER_TRY(file);
    auto image = read_pv_image(file.value());
    if (!image.ok()) return Failure() << "cannot start `" << wish.image() << "`: " << image.failure().text();
    auto payload = Payload::of(wish, images);
    BUILDER_TRY(payload);
    BUILDER_TRY(plan_layout(image.value(), wish.memory_pages, payload.value().bytes()));

    NewDomain domain(hypervisor);
    BUILDER_TRY(domain.create(wish, DomId(0)));
    BUILDER_TRY(set_scheduling(hypervisor, domain.id(), wish));
    const Connection console = connect(domain, wish.console, known), store = connect(domain, wish.store, known);
    BUILDER_TRY(fill_domain(hypervisor, domain.id(),
                            {.image = image.value(),
                             .payload = payload.value(),
                             .cmdline = wish.cmdline,
                             .memory_pages = wish.memory_pages,
                             .console = console,
                             .store = store}));
    BUILDER_TRY(seal_domain(hypervisor, domain.id()));
    BUILDER_TRY(domain.offer_channels());
    BUILDER_TRY(hand_over(hypervisor, domain.id(), owner));
    return BuiltGuest{domain.release(), console.port.value_or(Port(0)), store.port.value_or(Port(0))};
}

} // namespace skerry::builder
