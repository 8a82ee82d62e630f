// SPDX-License-Identifier: MIT
#include "builder-domain/description/keys.h"

#include "builder-domain/description/values.h"

namespace skerry::builder {
namespace {

constexpr uint64_t last_port = 0xffff;
constexpr uint64_t last_irq = 1023;                                // ISA lines and IO-APIC pins
constexpr uint64_t last_machine_address = (uint64_t{1} << 52) - 1; // the widest an x86-64 can have
constexpr size_t longest_cmdline = 1023; // start_info.cmd_line holds MAX_GUEST_CMDLINE with its end

const char* module_name(std::string_view& field, std::string_view value) {
    if (!is_name(value)) return "the name of a module: letters, digits and ._+-, at most 31";
    field = value;
    return nullptr;
}

template <auto field> const char* apply_module(DomainDescription& domain, std::string_view value, unsigned) {
    return module_name(domain.*field, value);
}

const char* apply_cmdline(DomainDescription& domain, std::string_view value, unsigned) {
    if (value.size() > longest_cmdline) return "a command line of at most 1023 characters";
    domain.cmdline = value;
    return nullptr;
}

template <auto field> const char* apply_memory(DomainDescription& domain, std::string_view value, unsigned) {
    auto pages = read_pages(value);
    if (!pages || *pages == 0) return "a size in whole pages with its unit, such as 8192K, 512M or 2G";
    domain.*field = *pages;
    return nullptr;
}

const char* apply_vcpus(DomainDescription& domain, std::string_view value, unsigned) {
    auto number = read_number(value);
    if (!number || *number == 0 || *number > max_vcpus) return "a number of vCPUs from 1 to 32";
    domain.vcpus = static_cast<unsigned>(*number);
    return nullptr;
}

const char* apply_weight(DomainDescription& domain, std::string_view value, unsigned) {
    auto number = read_number(value);
    if (!number || *number == 0 || *number > 65535) return "a weight from 1 to 65535 (others have 256)";
    domain.weight = static_cast<uint16_t>(*number);
    return nullptr;
}

const char* apply_cap(DomainDescription& domain, std::string_view value, unsigned) {
    auto number = read_number(value);
    if (!number || *number > max_vcpus * 100) return "a percentage of one CPU, or 0 for no cap";
    domain.cap = static_cast<uint16_t>(*number);
    return nullptr;
}

const char* apply_affinity(DomainDescription& domain, std::string_view value, unsigned) {
    CpuSet cpus;
    while (!value.empty()) {
        auto range = read_range(take_part(value, ','), max_cpus - 1);
        if (!range) return "CPUs such as 0-1,3, none above 127";
        for (uint64_t cpu = range->first; cpu <= range->last; ++cpu) cpus.add(static_cast<unsigned>(cpu));
    }
    domain.affinity = cpus;
    return nullptr;
}

template <auto field, uint64_t limit>
const char* apply_ranges(DomainDescription& domain, std::string_view value, unsigned) {
    while (!value.empty()) {
        auto range = read_range(take_part(value, ','), limit);
        if (!range) return "numbers or ranges such as 0x3f8-0x3ff,0x60, within the machine's limits";
        if (!(domain.*field).push(*range)) return "at most 16 ranges";
    }
    return nullptr;
}

const char* apply_iomem(DomainDescription& domain, std::string_view value, unsigned) {
    while (!value.empty()) {
        auto range = read_range(take_part(value, ','), last_machine_address);
        if (!range || range->first % 4096 != 0 || range->last % 4096 != 4095)
            return "ranges of machine addresses in whole pages such as 0xfed00000-0xfed00fff";
        if (!domain.iomem.push(Range{range->first / 4096, range->last / 4096})) return "at most 16 ranges";
    }
    return nullptr;
}

const char* apply_rights(DomainDescription& domain, std::string_view value, unsigned) {
    while (!value.empty()) {
        std::string_view right = take_part(value, ',');
        if (!is_name(right)) return "names of rights separated by commas";
        if (!domain.rights.push(right)) return "at most 16 rights";
    }
    return nullptr;
}

template <auto field, bool founder_allowed>
const char* apply_service(DomainDescription& domain, std::string_view value, unsigned line) {
    Service& service = domain.*field;
    service = {Service::Kind::domain, value, 0, line};
    if (value == "none")
        service.kind = Service::Kind::none;
    else if (founder_allowed && value == "founder")
        service.kind = Service::Kind::founder;
    else if (value == "founder" || !is_name(value))
        return founder_allowed ? "the name of a domain, founder or none" : "the name of a domain or none";
    return nullptr;
}

template <auto field> const char* apply_domains(DomainDescription& domain, std::string_view value, unsigned line) {
    while (!value.empty()) {
        std::string_view name = take_part(value, ',');
        if (!is_name(name)) return "names of domains separated by commas";
        if (!(domain.*field).push({Service::Kind::domain, name, 0, line})) return "at most 6 domains";
    }
    return nullptr;
}

const char* apply_state(DomainDescription& domain, std::string_view value, unsigned) {
    auto pages = read_pages(value);
    if (!pages || *pages == 0 || *pages > max_state_pages) return "a size in whole pages from 4K to 128M, such as 1M";
    domain.state_pages = *pages;
    return nullptr;
}

const char* apply_seal(DomainDescription& domain, std::string_view value, unsigned) {
    auto flag = read_flag(value);
    if (!flag) return "yes or no";
    domain.seal = *flag;
    return nullptr;
}

template <auto field> const char* apply_policy(DomainDescription& domain, std::string_view value, unsigned) {
    auto policy = read_policy(value);
    if (!policy) return "destroy, reboot, keep or poweroff-platform";
    domain.*field = *policy;
    return nullptr;
}

constexpr Key keys[] = {
    {"kernel", apply_module<&DomainDescription::kernel>},
    {"loader", apply_module<&DomainDescription::loader>},
    {"ramdisk", apply_module<&DomainDescription::ramdisk>},
    {"cmdline", apply_cmdline},
    {"memory", apply_memory<&DomainDescription::memory_pages>},
    {"max_memory", apply_memory<&DomainDescription::max_memory_pages>},
    {"vcpus", apply_vcpus},
    {"weight", apply_weight},
    {"cap", apply_cap},
    {"affinity", apply_affinity},
    {"ioports", apply_ranges<&DomainDescription::ioports, last_port>},
    {"irqs", apply_ranges<&DomainDescription::irqs, last_irq>},
    {"iomem", apply_iomem},
    {"rights", apply_rights},
    {"console", apply_service<&DomainDescription::console, true>},
    {"store", apply_service<&DomainDescription::store, false>},
    {"channel", apply_domains<&DomainDescription::channels>},
    {"knows", apply_domains<&DomainDescription::knows>},
    {"state", apply_state},
    {"seal", apply_seal},
    {"on_poweroff", apply_policy<&DomainDescription::on_poweroff>},
    {"on_reboot", apply_policy<&DomainDescription::on_reboot>},
    {"on_crash", apply_policy<&DomainDescription::on_crash>},
};

} // namespace

std::span<const Key> domain_keys() { return keys; }

} // namespace skerry::builder
