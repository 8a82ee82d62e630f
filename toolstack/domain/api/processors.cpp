// SPDX-License-Identifier: MIT
// Methods about processors, scheduling and memory of domains.
#include "toolstack/domain/api/api.h"
#include "toolstack/domain/api/fields.h"
#include "toolstack/domain/base/cpu_set.h"
#include "toolstack/domain/guests/store_nodes.h"

namespace skerry::toolstack {
namespace {

/// What a guest may have beyond its target: pages that are none of its RAM. As Xen's toolstack has it.
constexpr std::uint64_t memory_slack_kib = 1024;

std::string vcpu_flags(const VcpuState& vcpu) {
    if (!vcpu.online) return "--p";
    return vcpu.running ? "r--" : vcpu.blocked ? "-b-" : "---";
}

} // namespace

json::Value Api::vcpu_list(const json::Value& params, Call&) {
    Fields fields(params, "vcpu-list");
    const json::Value* domain = fields.any("domain");
    fields.done();
    json::Array all;
    for (const DomainState& state : states_of(domain)) {
        json::Array vcpus;
        for (unsigned number = 0; number < state.vcpus; ++number) {
            const VcpuState vcpu = platform_.hypervisor.vcpu(state.id, number);
            json::Value each;
            each["vcpu"] = number;
            each["online"] = vcpu.online;
            each["cpu"] = vcpu.cpu;
            each["state"] = vcpu_flags(vcpu);
            each["cpu_time_ns"] = vcpu.cpu_time_ns;
            each["hard"] = cpu_set_text(vcpu.hard);
            each["soft"] = cpu_set_text(vcpu.soft);
            vcpus.push_back(std::move(each));
        }
        json::Value each;
        each["id"] = unsigned{state.id};
        each["name"] = target_of(state).name;
        each["vcpus"] = std::move(vcpus);
        all.push_back(std::move(each));
    }
    json::Value value;
    value["domains"] = std::move(all);
    return value;
}

json::Value Api::vcpu_pin(const json::Value& params, Call& call) {
    Fields fields(params, "vcpu-pin");
    const json::Value* domain = fields.any("domain");
    const Target target = resolve_required(domain, "vcpu-pin");
    const auto only = fields.optional_integer("vcpu", 0, most_vcpus - 1);
    const auto hard_text = fields.optional_string("hard"), soft_text = fields.optional_string("soft");
    fields.done();
    if (!hard_text && !soft_text) fields.wrong("hard", "and `soft` are both missing");
    CpuSet hard, soft;
    if (hard_text) hard = parse_cpu_set(*hard_text);
    if (soft_text) soft = parse_cpu_set(*soft_text);
    const unsigned count = states_of(domain).front().vcpus;
    if (only && *only >= count)
        fields.wrong("vcpu", "is " + std::to_string(*only) + ", and there are " + std::to_string(count));
    for (unsigned vcpu = only ? static_cast<unsigned>(*only) : 0; vcpu < (only ? *only + 1 : count); ++vcpu)
        platform_.hypervisor.set_affinity(target.id, vcpu, hard_text ? &hard : nullptr, soft_text ? &soft : nullptr);
    json::Value show;
    show["domain"] = unsigned{target.id};
    return vcpu_list(show, call);
}

json::Value Api::vcpu_set(const json::Value& params, Call&) {
    Fields fields(params, "vcpu-set");
    const GuestPointer guest = guest_of(fields.any("domain"), "vcpu-set");
    const auto count = static_cast<unsigned>(fields.integer("count", 1, most_vcpus));
    fields.done();
    if (count > guest->config.most_vcpus)
        throw Failure(code::refused, "vcpu-set: " + quoted(guest->config.name) + " was created with at most " +
                                         std::to_string(guest->config.most_vcpus) + " vCPUs");
    if (!platform_.store.present() || guest->domain.store_port == 0)
        throw Failure(code::unsupported,
                      "vcpu-set: " + quoted(guest->config.name) + " has no xenstore, which tells it");
    const Guests::Hold hold(guests_, guest, "getting other vCPUs");
    in_transaction(platform_.store, [&](Transaction transaction) {
        for (unsigned vcpu = 0; vcpu < guest->config.most_vcpus; ++vcpu)
            platform_.store.write(domain_path(guest->domain.id) + "/cpu/" + std::to_string(vcpu) + "/availability",
                                  vcpu < count ? "online" : "offline", transaction);
    });
    guest->config.vcpus = count;
    keep(*guest);
    json::Value value;
    value["id"] = unsigned{guest->domain.id};
    value["name"] = guest->config.name;
    value["vcpus"] = count;
    return value;
}

json::Value Api::sched(const json::Value& params, Call&) {
    Fields fields(params, "sched");
    const json::Value* domain = fields.any("domain");
    const auto weight = fields.optional_integer("weight", 1, 65535),
               cap = fields.optional_integer("cap", 0, 100 * most_cpus);
    fields.done();
    if (weight || cap) {
        const Target target = resolve_required(domain, "sched");
        Scheduling wish = platform_.hypervisor.scheduling(target.id);
        if (weight) wish.weight = static_cast<unsigned>(*weight);
        if (cap) wish.cap = static_cast<unsigned>(*cap);
        platform_.hypervisor.set_scheduling(target.id, wish);
        if (target.guest != nullptr) { // and when it is built again
            if (weight) target.guest->config.weight = wish.weight;
            if (cap) target.guest->config.cap = wish.cap;
            keep(*target.guest);
        }
    }
    json::Array all;
    for (const DomainState& state : states_of(domain)) {
        const Scheduling held = platform_.hypervisor.scheduling(state.id);
        json::Value each;
        each["id"] = unsigned{state.id};
        each["name"] = target_of(state).name;
        each["weight"] = held.weight;
        each["cap"] = held.cap;
        all.push_back(std::move(each));
    }
    json::Value value;
    value["domains"] = std::move(all);
    return value;
}

/// The guest's balloon driver follows its target; the hypervisor's limit keeps it from having more.
json::Value Api::mem_set(const json::Value& params, Call&) {
    Fields fields(params, "mem-set");
    const GuestPointer guest = guest_of(fields.any("domain"), "mem-set");
    const auto kib = static_cast<std::uint64_t>(fields.integer("memory_kib", 1024, INT64_MAX / 1024));
    fields.done();
    if (kib % 4 != 0) fields.wrong("memory_kib", "is to be whole pages of 4 KiB");
    if (kib > guest->config.most_memory_kib)
        throw Failure(code::refused, "mem-set: " + quoted(guest->config.name) + " was created with at most " +
                                         std::to_string(guest->config.most_memory_kib) + " KiB");
    if (!platform_.store.present() || guest->domain.store_port == 0)
        throw Failure(code::unsupported, "mem-set: " + quoted(guest->config.name) + " has no xenstore, which tells it");
    const Guests::Hold hold(guests_, guest, "getting another size");
    platform_.store.write(domain_path(guest->domain.id) + "/memory/target", std::to_string(kib));
    platform_.hypervisor.set_most_memory(guest->domain.id, kib + memory_slack_kib);
    json::Value value;
    value["id"] = unsigned{guest->domain.id};
    value["name"] = guest->config.name;
    value["memory_kib"] = kib;
    return value;
}

} // namespace skerry::toolstack
