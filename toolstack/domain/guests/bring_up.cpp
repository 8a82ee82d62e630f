// SPDX-License-Identifier: MIT
// From a configuration to a guest that runs: one step after the other, each taken back when a later one fails.
#include "toolstack/domain/guests/guests.h"
#include "toolstack/domain/guests/store_nodes.h"
#include "toolstack/domain/guests/undo.h"

namespace skerry::toolstack {

void Guests::bring_up(Guest& guest, bool paused, const Progress& progress, bool again) {
    const GuestConfig& config = guest.config;
    Hypervisor& hypervisor = platform_.hypervisor;
    Store& store = platform_.store;
    Undo undo;
    try {
        if (!again) { // else there is a record that it shall run again, and stays
            platform_.journal.append(begun_record(guest));
            undo.add("the record", [&] { platform_.journal.append(gone_record(guest)); });
        }

        progress("building");
        const bool with_store = store.present() && !platform_.store_service.empty();
        const std::string section =
            builder_section(config, platform_.console_service, with_store ? platform_.store_service : "");
        try {
            guest.domain = platform_.builder.build(section);
        } catch (const Failure& failure) {
            if (failure.code == code::unavailable) end_unanswered(guest);
            throw;
        }
        const DomainNumber domain = guest.domain.id;
        undo.add("the domain", [&hypervisor, domain] { hypervisor.destroy(domain); });
        hypervisor.set_handle(domain, uuid_bytes(guest.uuid));

        progress("processors");
        for (unsigned vcpu = 0; vcpu < config.most_vcpus; ++vcpu) {
            // One hard set for all is the builder's affair.
            const CpuSet* hard = config.hard.size() > 1 ? config.hard_of(vcpu) : nullptr;
            const CpuSet* soft = config.soft_of(vcpu);
            if (hard != nullptr || soft != nullptr) hypervisor.set_affinity(domain, vcpu, hard, soft);
        }

        if (guest.domain.console_port != 0) {
            progress("console");
            platform_.consoles.add(domain, guest.domain.console_port, config.name, again);
            undo.add("the console", [&, domain] { platform_.consoles.remove(domain); });
        }
        if (with_store) {
            progress("xenstore");
            undo.add("its nodes", [&] { remove_guest_nodes(store, guest); });
            write_guest_nodes(store, guest, console_domain(), platform_.clock.wall_ns());
            if (guest.domain.store_port != 0) {
                store.introduce(domain, guest.domain.store_port);
                undo.add("the introduction", [&store, domain] { store.release(domain); });
            }
        }

        progress("starting");
        guest.started_ns = platform_.clock.now_ns();
        guest.phase = Guest::Phase::running;
        platform_.journal.append(guest_record(guest));
        if (!paused) hypervisor.unpause(domain);
    } catch (const Failure&) {
        guest.phase = Guest::Phase::building;
        undo.run(platform_.log);
        throw;
    }
}

} // namespace skerry::toolstack
