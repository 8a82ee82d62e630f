// SPDX-License-Identifier: MIT
// What a domain may use at most. Domains that control the store (Settings: control=) are free of the quotas that guard
// its memory, but not of those that bound its work for one connection.
#pragma once

#include "path.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace skerry::xenstore {

enum class Quota : std::uint8_t {
    nodes,             ///< nodes it owns
    node_size,         ///< bytes of a node: value, and 4 for each permission
    permissions,       ///< entries in a node's permissions
    path_length,       ///< characters of a path below a domain's home, or of another absolute path
    watches,           ///< watches it has set
    outstanding,       ///< answers it has not taken; no further request is read from it
    output,            ///< bytes waiting for it; no request is read, and further events come as one for each watch
    transactions,      ///< open at a time
    transaction_nodes, ///< nodes one transaction may look at or change
    memory,            ///< bytes of its nodes, watches, transactions and queues, about
    total,             ///< bytes of those of all domains together that do not control the store
};
inline constexpr std::size_t quota_count = 11;

struct QuotaDescription {
    std::string_view name;
    std::uint64_t value; ///< to begin with
};
inline constexpr std::array<QuotaDescription, quota_count> quota_descriptions{{
    {"nodes", 1000},
    {"node-size", 2048},
    {"permissions", 5},
    {"path-length", longest_relative_path},
    {"watches", 128},
    {"outstanding", 20},
    {"output", 32768},
    {"transactions", 10},
    {"transaction-nodes", 1024},
    {"memory", 512 << 10},
    {"total", 4 << 20},
}};
constexpr std::string_view name_of(Quota quota) { return quota_descriptions[static_cast<std::size_t>(quota)].name; }
std::optional<Quota> quota_named(std::string_view name);

class Quotas {
  public:
    Quotas() {
        for (std::size_t i = 0; i < quota_count; ++i) values_[i] = quota_descriptions[i].value;
    }
    std::uint64_t operator[](Quota quota) const { return values_[static_cast<std::size_t>(quota)]; }
    void set(Quota quota, std::uint64_t value) { values_[static_cast<std::size_t>(quota)] = value; }

  private:
    std::array<std::uint64_t, quota_count> values_;
};

inline std::optional<Quota> quota_named(std::string_view name) {
    for (std::size_t i = 0; i < quota_count; ++i)
        if (quota_descriptions[i].name == name) return static_cast<Quota>(i);
    return std::nullopt;
}

} // namespace skerry::xenstore
