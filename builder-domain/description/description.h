// SPDX-License-Identifier: MIT
// The platform description in memory: what docs/platform-description.md lets an operator write, checked and with its
// names resolved. Strings point into the text that was parsed, which must outlive this.
#pragma once

#include "builder-domain/base/fixed_list.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace skerry::builder {

inline constexpr size_t max_domains = 64;
inline constexpr size_t max_ranges = 16;  // of each kind of resource in one domain
inline constexpr unsigned max_vcpus = 32; // XEN_LEGACY_MAX_VCPUS: each has its vcpu_info in the shared page
inline constexpr unsigned max_cpus = 128; // physical CPUs that affinity can name
inline constexpr size_t longest_name = 31;
inline constexpr uint64_t max_state_pages = 32768;
inline constexpr size_t max_channels = 6; // GNTTAB_NR_RESERVED_ENTRIES less those of console and store

// An inclusive range of ports, interrupts or machine page numbers.
struct Range {
    uint64_t first;
    uint64_t last;
};
using Ranges = FixedList<Range, max_ranges>;

struct CpuSet {
    uint64_t words[max_cpus / 64] = {};

    void add(unsigned cpu) { words[cpu / 64] |= uint64_t{1} << (cpu % 64); }
    bool contains(unsigned cpu) const { return (words[cpu / 64] >> (cpu % 64)) & 1; }
};

// What happens when a domain ends in a certain way.
enum class Policy : uint8_t {
    destroy,           // free all it had
    reboot,            // destroy, then build it again with the same id
    keep,              // leave it as it stopped, for inspection
    poweroff_platform, // the machine goes off
};

// Who serves a domain's console page, store page or channel: nobody, the founder (console only), another described
// domain, or one that the reader of the description was told of.
struct Service {
    enum class Kind : uint8_t { none, founder, domain, known } kind = Kind::none;
    std::string_view name; // as written
    size_t index = 0;      // in PlatformDescription::domains, or in what the parser was told; once resolved
    unsigned line = 0;
};

struct DomainDescription {
    std::string_view name;
    unsigned line = 0; // where its section begins

    std::string_view kernel;  // module: a PV ELF image, or with a loader the guest's own kernel
    std::string_view loader;  // module: the PV ELF image that runs first and unpacks kernel and ramdisk; or empty
    std::string_view ramdisk; // module, or empty
    std::string_view cmdline;

    uint64_t memory_pages = 0;
    uint64_t max_memory_pages = 0; // that it may grow to; 0: as memory_pages
    unsigned vcpus = 1;
    std::optional<uint16_t> weight;
    std::optional<uint16_t> cap; // percent of one CPU; 0: none
    std::optional<CpuSet> affinity;

    Ranges ioports;
    Ranges irqs;
    Ranges iomem; // machine page numbers
    FixedList<std::string_view, max_ranges> rights;

    Service console;
    Service store;
    FixedList<Service, max_channels> channels; // this domain is the client
    FixedList<Service, max_channels> knows;    // domains whose numbers it is told
    uint64_t state_pages = 0;                  // of memory that survives it

    bool seal = true;
    Policy on_poweroff = Policy::destroy;
    Policy on_reboot = Policy::reboot;
    Policy on_crash = Policy::destroy;

    // The module that is read as a PV ELF image.
    std::string_view image() const { return loader.empty() ? kernel : loader; }
};

struct PlatformDescription {
    FixedList<DomainDescription, max_domains> domains;
};

} // namespace skerry::builder
