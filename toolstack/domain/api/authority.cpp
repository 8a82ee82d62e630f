// SPDX-License-Identifier: MIT
// Methods about who may do what: rights, trust.
#include "toolstack/domain/api/api.h"
#include "toolstack/domain/api/fields.h"

#include <algorithm>
#include <map>

namespace skerry::toolstack {
namespace {

json::Array strings(const std::vector<std::string>& all) { return {all.begin(), all.end()}; }

bool contains(const std::vector<std::string>& all, std::string_view one) {
    return std::find(all.begin(), all.end(), one) != all.end();
}

/// What `holder` could do to `target` by the rights that the hypervisor keeps: verbs, behind which stands over whom.
std::vector<std::string> powers_over(const Rights& holder, DomainNumber target) {
    if (holder.everything) return {"holds every right, except to sealed memory, over"};
    std::vector<std::string> powers;
    if (contains(holder.platform, "grant_rights")) powers.emplace_back("may give itself or others rights over");
    for (const Rights::Target& over : holder.targets) {
        if (over.domain != target) continue;
        if (contains(over.rights, "control")) powers.emplace_back("may stop, slow and destroy");
        if (contains(over.rights, "map_memory")) powers.emplace_back("may reach, until it is sealed, the memory of");
    }
    return powers;
}

/// "a", "a and b", "a, b and c".
std::string enumeration(const std::vector<std::string>& all) {
    std::string text;
    for (std::size_t i = 0; i < all.size(); ++i) text += (i == 0 ? "" : i + 1 == all.size() ? " and " : ", ") + all[i];
    return text;
}

/// Why a domain is depended on: what it may do, and to whom.
struct Reason {
    std::string power;
    std::vector<std::string> over; ///< empty: the power says it
};

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

    std::map<DomainNumber, std::vector<Reason>> why; // of each domain depended on
    std::vector<DomainNumber> to_look_at{target.id};
    const auto add = [&](DomainNumber domain, const std::string& power, const std::string& over) {
        if (domain == target.id) return;
        auto [found, is_new] = why.try_emplace(domain);
        if (is_new) to_look_at.push_back(domain);
        auto& reasons = found->second;
        auto reason =
            std::find_if(reasons.begin(), reasons.end(), [&](const Reason& one) { return one.power == power; });
        if (reason == reasons.end()) reason = reasons.insert(reason, Reason{power, {}});
        if (!over.empty()) reason->over.push_back(over);
    };
    if (target.guest != nullptr) {
        const BuiltDomain& built = target.guest->domain;
        if (const auto* console = guests_.platform_domain(platform_.console_service);
            console && built.console_port != 0)
            add(console->id, "sees and types on its console", "");
        if (const auto* store = guests_.platform_domain(platform_.store_service); store && built.store_port != 0)
            add(store->id, "answers what it reads in xenstore", "");
    }
    for (std::size_t next = 0; next < to_look_at.size(); ++next) {
        const DomainNumber on = to_look_at[next];
        for (const auto& [holder, rights] : held) {
            if (holder == on) continue;
            for (const std::string& power : powers_over(rights, on)) {
                DomainState named;
                named.id = on;
                add(holder, power, on == target.id ? "it" : target_of(named).name);
            }
        }
    }

    json::Array all;
    for (const DomainState& state : states) {
        const auto reasons = why.find(state.id);
        if (reasons == why.end()) continue;
        json::Value each = rights_of(state);
        each["memory_kib"] = state.pages * 4;
        json::Array texts;
        for (const Reason& reason : reasons->second)
            texts.emplace_back(reason.power + (reason.over.empty() ? "" : " " + enumeration(reason.over)));
        each["why"] = std::move(texts);
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
