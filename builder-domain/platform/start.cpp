// SPDX-License-Identifier: MIT
// Building the platform: the steps, and the order in which all domains go through them.
#include "builder-domain/platform/platform.h"

#include "builder-domain/create/resources.h"
#include "builder-domain/create/rights.h"
#include "builder-domain/description/parser.h"

namespace skerry::builder {
namespace {

constexpr std::string_view description_module = "platform";
constexpr DomId builder_id{0}; // the first domain's number, as the ABI fixes it

// The domains of the description that serve this one.
template <typename Visit> void for_each_server(const DomainDescription& domain, Visit visit) {
    auto consider = [&](const Service& service) {
        if (service.kind == Service::Kind::domain) visit(service);
    };
    consider(domain.console);
    consider(domain.store);
    for (const Service& service : domain.channels) consider(service);
}

} // namespace

Status Platform::prepare() {
    const Module* module = modules_.find(description_module);
    if (!module) return Failure() << "there is no boot module named `platform` (of " << modules_.size() << ")";
    if (auto parsed = parse_description(as_text(module->bytes), description_); !parsed.ok())
        return Failure() << "platform, " << parsed.failure().text();
    for (size_t index = 0; index < count(); ++index) {
        const DomainDescription& domain = description_of(index);
        if (auto checked = check(index); !checked.ok())
            return Failure() << "platform, line " << domain.line << ": domain " << domain.name << ": "
                             << checked.failure().text();
        for_each_server(domain, [&](const Service& server) { members_[server.index].serves = true; });
        members_[index].serves |= !domain.channels.empty();
    }
    return {};
}

Status Platform::check(size_t index) const {
    const DomainDescription& domain = description_of(index);
    BUILDER_TRY(check_rights(domain));
    auto file = find_module(modules_, domain.image(), domain.loader.empty() ? "kernel" : "loader");
    BUILDER_TRY(file);
    auto image = read_pv_image(file.value());
    if (!image.ok()) return Failure() << "cannot start `" << domain.image() << "`: " << image.failure().text();
    auto payload = Payload::of(domain, modules_);
    BUILDER_TRY(payload);
    BUILDER_TRY(plan_layout(image.value(), domain.memory_pages, payload.value().bytes(), domain.channels.size()));
    return {};
}

Status Platform::start() {
    uint64_t begin = surroundings_.now_us();
    for (Step step : {&Platform::make, &Platform::connect})
        for (bool services : {true, false}) run_step_for_all(step, services);
    for (Step step : {&Platform::fill, &Platform::seal, &Platform::offer})
        for (bool services : {false, true}) run_step_for_all(step, services);
    for (bool services : {true, false})
        for (Step step : {&Platform::equip, &Platform::launch}) run_step_for_all(step, services);
    size_t running = 0;
    for (size_t index = 0; index < count(); ++index) running += members_[index].state == State::running;
    if (running == 0) return Failure() << "no domain could be built";
    Text<120> line;
    line << running << " of " << count() << " domains run, built in " << surroundings_.now_us() - begin << " us";
    surroundings_.say(line.view());
    return {};
}

void Platform::run_step_for_all(Step step, bool services) {
    for (size_t index = 0; index < count(); ++index)
        if (members_[index].serves == services) run_step(step, index);
}

// Runs a step of a domain that is being built; one that failed earlier is left alone.
void Platform::run_step(Step step, size_t index) {
    if (step != &Platform::make && members_[index].state != State::made) return;
    if (auto done = (this->*step)(index); !done.ok()) fail(index, done.failure());
}

void Platform::fail(size_t index, const Failure& failure) {
    Member& member = members_[index];
    if (member.control_end) surroundings_.close(*member.control_end);
    member.control_end.reset();
    if (description_of(index).console.kind == Service::Kind::founder) surroundings_.detach_console(member.id);
    member.making.reset(); // destroys it
    member.state = State::absent;
    if (member.failures > 1) return; // said the first time
    Text<320> line;
    line << "domain " << description_of(index).name << " was not built: " << failure.text();
    surroundings_.say(line.view());
}

// A member that was built before gets its old number.
Status Platform::make(size_t index) {
    Member& member = members_[index];
    member.making.emplace(hypervisor_);
    BUILDER_TRY(member.making->create(description_of(index), member.id));
    if (member.id.value != 0 && member.making->id() != member.id)
        return Failure() << "creating it: it got number " << member.making->id().value << ", not " << member.id.value;
    member.id = member.making->id();
    member.state = State::made;
    return set_scheduling(hypervisor_, member.id, description_of(index));
}

// The order fixes the ports: console, store, channels, control; a domain that is built again has the same ones.
Status Platform::connect(size_t index) {
    BUILDER_TRY(check_servers(index));
    const DomainDescription& domain = description_of(index);
    Member& member = members_[index];
    auto connection_to = [&](const Service& service) -> Connection {
        if (service.kind == Service::Kind::none) return {};
        DomId server = service.kind == Service::Kind::domain ? members_[service.index].id : builder_id;
        return {.server = server, .port = member.making->plan_channel(server)};
    };
    member.console = connection_to(domain.console);
    member.store = connection_to(domain.store);
    member.channels.clear();
    for (const Service& service : domain.channels)
        if (!member.channels.push(connection_to(service))) return Failure() << "it has too many channels";
    if (member.serves) member.control = member.making->plan_channel(builder_id);
    if (uint64_t pages = domain.state_pages; pages != 0 && !member.state_area) {
        auto area = surroundings_.lend_state(member.id, pages);
        BUILDER_TRY(area);
        member.state_area = area.value();
    }
    return {};
}

Status Platform::check_servers(size_t index) const {
    const Service* missing = nullptr;
    for_each_server(description_of(index), [&](const Service& server) {
        if (members_[server.index].state == State::absent) missing = &server;
    });
    if (missing) return Failure() << "it needs domain " << missing->name << ", which was not built";
    return {};
}

Status Platform::fill(size_t index) {
    const DomainDescription& domain = description_of(index);
    const Member& member = members_[index];
    auto image = read_pv_image(modules_.find(domain.image())->bytes); // prepare() has seen all three succeed
    BUILDER_TRY(image);
    auto payload = Payload::of(domain, modules_);
    BUILDER_TRY(payload);
    Text<MAX_GUEST_CMDLINE - 1> cmdline;
    BUILDER_TRY(compose_cmdline(index, cmdline));
    return fill_domain(hypervisor_, member.id,
                       {.image = image.value(),
                        .payload = payload.value(),
                        .cmdline = cmdline.view(),
                        .memory_pages = domain.memory_pages,
                        .console = member.console,
                        .store = member.store,
                        .channels = member.channels});
}

// What a domain of the platform is told behind its own words (docs/platform-description.md).
Status Platform::compose_cmdline(size_t index, TextWriter& cmdline) const {
    cmdline << description_of(index).cmdline;
    const Member& self = members_[index];
    if (self.control) cmdline << " builder=" << self.control->value;
    if (self.state_area)
        cmdline << " state=" << builder_id.value << ':' << self.state_area->reference << ':' << self.state_area->pages;
    for (const Service& known : description_of(index).knows)
        cmdline << " domain=" << known.name << ':' << members_[known.index].id.value;
    for (size_t i = 0; i < self.channels.size(); ++i)
        cmdline << " channel=" << description_of(index).channels[i].name << ':' << self.channels[i].port->value;
    for (size_t guest = 0; guest < count(); ++guest) {
        const DomainDescription& domain = description_of(guest);
        const Member& member = members_[guest];
        if (member.state == State::absent) continue;
        auto tell = [&](const Service& service, const Connection& connection) {
            if (service.kind == Service::Kind::domain && service.index == index && connection.port)
                cmdline << " guest=" << member.id.value << ':' << connection.port->value << ':' << domain.name;
        };
        tell(domain.console, member.console);
        tell(domain.store, member.store);
        for (size_t i = 0; i < member.channels.size(); ++i)
            if (domain.channels[i].index == index)
                cmdline << " client=" << member.id.value << ':' << member.channels[i].port->value << ':'
                        << first_channel_entry + i << ':' << domain.name;
    }
    if (cmdline.truncated())
        return Failure() << "its command line with all its guests is longer than " << MAX_GUEST_CMDLINE - 1
                         << " characters";
    return {};
}

Status Platform::seal(size_t index) {
    const DomainDescription& domain = description_of(index);
    const Member& member = members_[index];
    BUILDER_TRY(check_servers(index)); // they may have failed since
    if (domain.seal) BUILDER_TRY(seal_domain(hypervisor_, member.id));

    Text<200> line;
    line << "domain " << member.id.value << ' ' << domain.name << ": " << domain.memory_pages / 256 << "M, "
         << domain.vcpus << (domain.vcpus == 1 ? " vCPU, " : " vCPUs, ") << domain.image();
    if (domain.console.kind == Service::Kind::domain) line << ", console by " << domain.console.name;
    if (domain.store.kind == Service::Kind::domain) line << ", store by " << domain.store.name;
    line << (domain.seal ? ", sealed" : ", NOT SEALED");
    surroundings_.say(line.view());
    return {};
}

Status Platform::offer(size_t index) {
    const DomainDescription& domain = description_of(index);
    Member& member = members_[index];
    BUILDER_TRY(member.making->offer_channels());
    if (domain.console.kind == Service::Kind::founder)
        BUILDER_TRY(surroundings_.attach_console(domain.name, member.id, *member.console.port));
    if (!member.control) return {};
    auto end = surroundings_.bind(member.id, *member.control);
    BUILDER_TRY(end);
    member.control_end = end.value();
    return {};
}

Status Platform::equip(size_t index) {
    const DomainDescription& domain = description_of(index);
    BUILDER_TRY(check_servers(index));
    BUILDER_TRY(give_rights(hypervisor_, members_[index].id, domain));
    BUILDER_TRY(share_control(index));
    return give_hardware(hypervisor_, members_[index].id, domain);
}

// Control over services and over guests, described or built by others, for who is to have it: whichever of the two comes anew.
Status Platform::share_control(size_t index) {
    const Member& member = members_[index];
    for (size_t other = 0; other < count(); ++other) {
        if (other == index || !is_there(other)) continue;
        auto right_over = [&](const Member& target) { return target.serves ? control_services : control_guests; };
        if (has_right(description_of(index), right_over(members_[other])))
            BUILDER_TRY(give_control(hypervisor_, member.id, members_[other].id));
        if (has_right(description_of(other), right_over(member)))
            BUILDER_TRY(give_control(hypervisor_, members_[other].id, member.id));
    }
    if (!has_right(description_of(index), control_guests)) return {};
    return for_each_domain(hypervisor_, [&](DomId id) {
        return id == builder_id || is_member(id) ? Status() : give_control(hypervisor_, member.id, id);
    });
}

bool Platform::is_member(DomId id) const {
    for (size_t index = 0; index < count(); ++index)
        if (is_there(index) && members_[index].id == id) return true;
    return false;
}

Status Platform::launch(size_t index) {
    Member& member = members_[index];
    BUILDER_TRY(unpause_domain(hypervisor_, member.id));
    member.launched_us = surroundings_.now_us();
    member.making->release();
    member.making.reset();
    member.state = State::running;
    return {};
}

} // namespace skerry::builder
