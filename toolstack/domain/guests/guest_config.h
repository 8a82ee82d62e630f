// SPDX-License-Identifier: MIT
// What a guest is to be: the parameters of `create` (docs/api.md), checked.
#pragma once

#include "toolstack/domain/parts/hypervisor.h"
#include "toolstack/protocol/json.h"

#include <optional>

namespace skerry::toolstack {

inline constexpr unsigned most_vcpus = 32; ///< XEN_LEGACY_MAX_VCPUS: a PV guest's limit without more pages
inline constexpr std::size_t longest_name = 31, longest_cmdline = 1023;

/// What is done with a guest that ended.
enum class EndAction : std::uint8_t { destroy, restart, preserve, power_off_platform };
const char* end_action_name(EndAction action);

struct GuestConfig {
    std::string name;
    std::string kernel, loader, ramdisk; ///< images of the builder; loader and ramdisk may be empty
    std::string cmdline;
    std::uint64_t memory_kib = 0, most_memory_kib = 0; ///< whole pages
    unsigned vcpus = 1, most_vcpus = 1;
    std::vector<CpuSet> hard, soft; ///< none: anywhere; one: of all vCPUs; else of each
    std::optional<unsigned> weight, cap;
    EndAction on_poweroff = EndAction::destroy, on_reboot = EndAction::restart, on_crash = EndAction::destroy,
              on_watchdog = EndAction::destroy;

    const CpuSet* hard_of(unsigned vcpu) const { return of(hard, vcpu); }
    const CpuSet* soft_of(unsigned vcpu) const { return of(soft, vcpu); }

  private:
    static const CpuSet* of(const std::vector<CpuSet>& sets, unsigned vcpu) {
        if (sets.empty()) return nullptr;
        return sets.size() == 1 ? &sets[0] : vcpu < sets.size() ? &sets[vcpu] : nullptr;
    }
};

/// Letters, digits and ._+-, beginning with a letter or digit, at most 31, and not digits only, so that no name looks
/// like a number. Throws Failure(bad_request).
void check_name(std::string_view name, const char* what);
bool is_image_name(std::string_view name);

/// Throws Failure(bad_request), or `unsupported` for what the platform has not got yet.
GuestConfig read_guest_config(const json::Value& params);
json::Value guest_config_json(const GuestConfig& config);

/// The section that the builder is asked to build (docs/platform-description.md). `console` and `store`: the names of
/// the service domains, or empty for none.
std::string builder_section(const GuestConfig& config, std::string_view console, std::string_view store);

} // namespace skerry::toolstack
