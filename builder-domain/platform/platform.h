// SPDX-License-Identifier: MIT
// The platform's life: checks the description against the boot modules, builds what it names, starts and seals it, and
// then does with each domain that ends what the description says.
//
// Invariants:
//  - nothing is created before everything that can be checked has been;
//  - a domain exists whole or not at all; whoever needs a domain that could not be built is not built either;
//  - all domains exist and their ports are known before the first one's memory is written, so that command lines can
//    name ids and ports; service domains are filled last, equipped and started first;
//  - channels are offered when a domain is sealed: a service that finds one maps its page, and what is mapped cannot be
//    sealed;
//  - a domain that is built again gets its old id and its old ports, so that what others were told stays true; one that
//    could not be is tried again.
#pragma once

#include "builder-domain/create/contents.h"
#include "builder-domain/create/new_domain.h"
#include "builder-domain/platform/surroundings.h"

namespace skerry::builder {

class Platform {
  public:
    Platform(Hypervisor& hypervisor, Surroundings& surroundings, const ModuleSet& modules)
        : hypervisor_(hypervisor), surroundings_(surroundings), modules_(modules) {}

    // Reads and checks; creates nothing. The description is the boot module named `platform`.
    Status prepare();

    // Builds and starts. Fails only when no domain runs in the end; failures of single domains are said and go on.
    Status start();

    enum class Verdict { go_on, power_off };
    // To be called whenever a domain may have ended (VIRQ_DOM_EXC); and from time to time while one is missing that could
    // not be built again.
    Verdict look_after_domains();
    bool is_one_missing() const;

  private:
    enum class State : uint8_t { absent, made, running, kept };
    struct Member {
        State state = State::absent;
        DomId id{0};
        std::optional<NewDomain> making;
        Connection console;
        Connection store;
        FixedList<Connection, max_channels> channels;
        std::optional<StateArea> state_area; // the same for all its lives
        bool serves = false;                 // somebody's console, store or channel; or a channel's client
        std::optional<Port> control;         // a service's port towards the builder, and the builder's end
        std::optional<Port> control_end;
        uint64_t launched_us = 0;
        unsigned short_lives = 0; // in a row
        unsigned failures = 0;    // to build it again, in a row: it is missing
    };
    using Step = Status (Platform::*)(size_t index);

    Status check(size_t index) const;
    void run_step(Step step, size_t index);
    void run_step_for_all(Step step, bool services);

    // The steps of building one domain.
    Status make(size_t index);
    Status connect(size_t index);
    Status fill(size_t index);
    Status seal(size_t index);
    Status offer(size_t index);
    Status equip(size_t index);
    Status launch(size_t index);

    Status share_control(size_t index);
    Status check_servers(size_t index) const;
    Status compose_cmdline(size_t index, TextWriter& cmdline) const;
    void fail(size_t index, const Failure& failure);

    Verdict apply_policy(size_t index, unsigned shutdown_code);
    void end_domain(size_t index);
    void end_unfinished(size_t index);
    bool wait_until_gone(DomId id);
    void rebuild(size_t index);
    bool lives_too_short(size_t index);
    void tell_services();

    const DomainDescription& description_of(size_t index) const { return description_.domains[index]; }
    size_t count() const { return description_.domains.size(); }
    bool is_there(size_t index) const {
        return members_[index].state == State::made || members_[index].state == State::running;
    }
    bool is_member(DomId id) const;

    Hypervisor& hypervisor_;
    Surroundings& surroundings_;
    const ModuleSet& modules_;
    PlatformDescription description_;
    Member members_[max_domains];
};

} // namespace skerry::builder
