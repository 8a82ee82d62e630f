// SPDX-License-Identifier: MIT
// Who may do what with a node. The first entry names the owner, who may do everything, and says what everybody has who
// is not named by a later entry.
#pragma once

#include "path.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace skerry::xenstore {

enum class Access : std::uint8_t { none = 0, read = 1, write = 2, both = 3 };
constexpr bool includes(Access has, Access wanted) {
    return (static_cast<unsigned>(has) & static_cast<unsigned>(wanted)) == static_cast<unsigned>(wanted);
}

struct Permission {
    DomainId domain = 0;
    Access access = Access::none;
    friend bool operator==(const Permission&, const Permission&) = default;
};

/// At least one entry.
using Permissions = std::vector<Permission>;
/// Of a node: those around it mostly have the same.
using SharedPermissions = std::shared_ptr<const Permissions>;

/// "n0", "r5", "w5", "b5". False: not of that form.
bool parse_permission(std::string_view text, Permission& permission);
/// Each as above, with its zero.
std::string text_of(const Permissions& permissions);

} // namespace skerry::xenstore
