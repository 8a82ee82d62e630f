// SPDX-License-Identifier: MIT
// Methods about who may do what: rights, trust.
#include "toolstack/domain/api.h"
#include "toolstack/domain/fields.h"

#include <algorithm>
#include <map>

namespace skerry::toolstack {
namespace {

json::Array strings(const std::vector<std::string>& all) { return {all.begin(), all.end()}; }

bool contains(const std::vector<std::string>& all, std::string_view one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

/// What `holder` could do to `target` by the rights that the hypervisor keeps.
std::vector<std::string> powers_over(const Rights& holder, DomainNumber target) {
    if (holder.everything) return {"holds every right, except over sealed memory"};
    std::vector<std::string> powers;
    if (contains(holder.platform, "grant_rights")) powers.emplace_back("may give rights over it to itself or others");
    for (const Rights::Target& over : holder.targets) {
        if (over.domain != target) continue;
        if (contains(over.rights, "control")) powers.emplace_back("may stop, slow and destroy it");
        if (contains(over.rights, "map_memory")) powers.emplace_back("may reach its memory until it is sealed");
    }
    return powers;
}

} // namespace

json::Value Api::rights_of(const DomainState& state) const {
    const Rights held = platform_.hypervisor.rights(state.id);
    json::Value value;
    value["id"] = unsigned{state.id};
    value["name"] = target_of(state).name;
    value["everything"] = held.everything;
    value["platform"] = strings(held.platform);
    json::Array over;
    for (const Rights::Target& target : held.targets) {
        json::Value each;
        each["id"] = unsigned{target.domain};
        DomainState named;
        named.id = target.domain;
        each["name"] = target_of(named).name;
        each["rights"] = strings(target.rights);
        over.push_back(std::move(each));
    }
    value["over"] = std::move(over);
    value["resources"] = strings(held.resources);
    return value;
}

json::Value Api::rights(const json::Value& params, Call&) {
    Fields fields(params, "rights");
    const json::Value* domain = fields.any("domain");
    fields.done();
    json::Array all;
    for (const DomainState& state : states_of(domain)) all.push_back(rights_of(state));
    json::Value value;
    value["domains"] = std::move(all);
    return value;
}

/// The domains that `domain` depends on: who serves it or has power over it, and who has power over those.
json::Value Api::trust(const json::Value& params, Call&) {
    Fields fields(params, "trust");
    const Target target = resolve_required(fields.any("domain"), "trust");
    fields.done();
    const std::vector<DomainState> states = platform_.hypervisor.domains();
    std::map<DomainNumber, Rights> held;
    for (const DomainState& state : states) held[state.id] = platform_.hypervisor.rights(state.id);

    std::map<DomainNumber, std::vector<std::string>> why; // of each domain depended on
    std::vector<DomainNumber> to_look_at{target.id};
    const auto add = [&](DomainNumber domain, const std::string& reason) {
        if (domain == target.id) return;
        auto [found, is_new] = why.try_emplace(domain);
        if (is_new) to_look_at.push_back(domain);
        if (!contains(found->second, reason)) found->second.push_back(reason);
    };
    if (target.guest != nullptr) {
        const BuiltDomain& built = target.guest->domain;
        if (const auto* console = guests_.platform_domain(platform_.console_service);
            console && built.console_port != 0)
            add(console->id, "sees and types on its console");
        if (const auto* store = guests_.platform_domain(platform_.store_service); store && built.store_port != 0)
            add(store->id, "answers what it reads in xenstore");
    }
    for (std::size_t next = 0; next < to_look_at.size(); ++next) {
        const DomainNumber on = to_look_at[next];
        for (const auto& [holder, rights] : held) {
            if (holder == on) continue;
            for (const std::string& power : powers_over(rights, on)) {
                DomainState named;
                named.id = on;
                add(holder, on == target.id ? power : power + " (" + target_of(named).name + ")");
            }
        }
    }

    json::Array all;
    for (const DomainState& state : states) {
        const auto reasons = why.find(state.id);
        if (reasons == why.end()) continue;
        json::Value each = rights_of(state);
        each["memory_kib"] = state.pages * 4;
        each["why"] = strings(reasons->second);
        all.push_back(std::move(each));
    }
    json::Value value;
    value["id"] = unsigned{target.id};
    value["name"] = target.name;
    value["hypervisor"] = platform_.hypervisor.machine().version;
    value["depends_on"] = std::move(all);
    return value;
}

} // namespace skerry::toolstack
