// SPDX-License-Identifier: MIT
// The keys of a domain's section: one row each, with what reads its value. docs/platform-description.md lists them.
#pragma once

#include "builder-domain/description/description.h"

#include <span>

namespace skerry::builder {

struct Key {
    std::string_view name;
    // Stores the value; returns what a correct value looks like if this is none, else null.
    const char* (*apply)(DomainDescription& domain, std::string_view value, unsigned line);
};

std::span<const Key> domain_keys();

} // namespace skerry::builder
