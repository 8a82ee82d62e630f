// SPDX-License-Identifier: MIT
// After the start: what happens to domains that end.
#include "builder-domain/platform/platform.h"

#include "builder-domain/create/rights.h"

namespace skerry::builder {
namespace {

// How long a destroyed domain may linger because its services still map its pages.
constexpr unsigned patience_ms = 5000;
constexpr unsigned interval_ms = 10;

// A domain that ends this soon after its start, this often in a row, is not built again: it would go on for ever.
constexpr uint64_t short_life_us = 1'000'000;
constexpr unsigned most_short_lives = 5;

std::string_view name_of(Policy policy) {
    switch (policy) {
    case Policy::destroy: return "destroyed";
    case Policy::reboot: return "built again";
    case Policy::keep: return "kept as it is";
    case Policy::poweroff_platform: return "the platform powers off";
    }
    return "?";
}

std::string_view reason_of(unsigned shutdown_code) {
    switch (shutdown_code) {
    case SHUTDOWN_poweroff: return "powered off";
    case SHUTDOWN_reboot: return "wants to reboot";
    case SHUTDOWN_suspend: return "suspended itself, which is not supported";
    case SHUTDOWN_crash: return "crashed";
    case SHUTDOWN_watchdog: return "was stopped by its watchdog";
    case SHUTDOWN_soft_reset: return "wants a soft reset, which is not supported";
    default: return "ended for an unknown reason";
    }
}

struct Life {
    bool exists, is_dying;
    bool shut_down; // by itself, with `code`
    unsigned code;
};

// What cannot be found out now is as it was.
Life life_of(Hypervisor& hypervisor, DomId id) {
    xen_domctl_t question{};
    question.cmd = XEN_DOMCTL_getdomaininfo;
    question.domain = id.value;
    const long result = hypervisor.domctl(question);
    if (result < 0) return {minios::error_of(result) != minios::Error::no_such_process, false, false, 0};
    // Xen answers for the next domain when there is none of that number.
    const uint32_t flags = question.u.getdomaininfo.flags;
    return {question.domain == id.value, (flags & XEN_DOMINF_dying) != 0, (flags & XEN_DOMINF_shutdown) != 0,
            flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask};
}

} // namespace

Platform::Verdict Platform::look_after_domains() {
    for (size_t index = 0; index < count(); ++index) {
        if (members_[index].failures > 0) rebuild(index);
        if (members_[index].state != State::running) continue;
        const Life life = life_of(hypervisor_, members_[index].id);
        if (!life.exists || life.is_dying) {
            Text<120> line;
            line << "domain " << members_[index].id.value << ' ' << description_of(index).name << " was destroyed";
            surroundings_.say(line.view());
            if (description_of(index).on_crash == Policy::reboot) {
                rebuild(index);
            } else {
                end_domain(index);
            }
        } else if (life.shut_down && apply_policy(index, life.code) == Verdict::power_off) {
            return Verdict::power_off;
        }
    }
    tell_services();
    return Verdict::go_on;
}

Platform::Verdict Platform::apply_policy(size_t index, unsigned shutdown_code) {
    const DomainDescription& domain = description_of(index);
    Policy policy = shutdown_code == SHUTDOWN_poweroff ? domain.on_poweroff
                    : shutdown_code == SHUTDOWN_reboot ? domain.on_reboot
                                                       : domain.on_crash;
    Text<200> line;
    line << "domain " << members_[index].id.value << ' ' << domain.name << ' ' << reason_of(shutdown_code) << ": "
         << name_of(policy);
    surroundings_.say(line.view());
    switch (policy) {
    case Policy::poweroff_platform: return Verdict::power_off;
    case Policy::keep: members_[index].state = State::kept; break;
    case Policy::destroy: end_domain(index); break;
    case Policy::reboot: rebuild(index); break;
    }
    return Verdict::go_on;
}

void Platform::end_domain(size_t index) {
    Member& member = members_[index];
    member.state = State::absent;
    if (description_of(index).console.kind == Service::Kind::founder) surroundings_.detach_console(member.id);
    if (member.control_end) surroundings_.close(*member.control_end);
    member.control_end.reset();
    if (auto destroyed = destroy_domain(hypervisor_, member.id); !destroyed.ok())
        surroundings_.say(destroyed.failure().text());
    tell_services();
}

// Something happened to some domain, be it one of the description or not. Each service looks for itself what concerns it:
// a guest that went takes its end of a channel along.
void Platform::tell_services() {
    for (Member& member : members_)
        if (member.control_end) surroundings_.notify(*member.control_end);
}

// What a builder was just building is nobody's: it had not handed it over yet.
void Platform::end_unfinished(size_t index) {
    if (!has_right(description_of(index), "create_domains")) return;
    auto ended = for_each_domain(hypervisor_, [&](DomId id) {
        return is_building(hypervisor_, members_[index].id, id) ? destroy_domain(hypervisor_, id) : Status();
    });
    if (!ended.ok()) surroundings_.say(ended.failure().text());
}

bool Platform::wait_until_gone(DomId id) {
    const uint64_t deadline = surroundings_.now_us() + patience_ms * 1000;
    while (surroundings_.now_us() < deadline) {
        if (!life_of(hypervisor_, id).exists) return true;
        surroundings_.wait_for_ring(interval_ms); // a service rings back when it has let go of what is gone
    }
    return false;
}

bool Platform::lives_too_short(size_t index) {
    Member& member = members_[index];
    bool is_short = surroundings_.now_us() - member.launched_us < short_life_us;
    member.short_lives = is_short ? member.short_lives + 1 : 0;
    return member.short_lives > most_short_lives;
}

void Platform::rebuild(size_t index) {
    Member& member = members_[index];
    if (member.failures == 0 && lives_too_short(index)) {
        Text<160> line;
        line << "domain " << member.id.value << ' ' << description_of(index).name
             << " ended within a second of its start " << member.short_lives << " times in a row: destroyed instead";
        surroundings_.say(line.view());
        return end_domain(index);
    }
    end_unfinished(index);
    end_domain(index);
    const bool is_gone = member.failures++ == 0 ? wait_until_gone(member.id) : !life_of(hypervisor_, member.id).exists;
    if (!is_gone) return fail(index, Failure() << "its former self is still in use, by whoever maps its pages");
    for (Step step : {&Platform::make, &Platform::connect, &Platform::fill, &Platform::seal, &Platform::offer,
                      &Platform::equip, &Platform::launch})
        run_step(step, index);
    if (member.state == State::running) member.failures = 0;
}

bool Platform::is_one_missing() const {
    for (size_t index = 0; index < count(); ++index)
        if (members_[index].failures > 0) return true;
    return false;
}

} // namespace skerry::builder
