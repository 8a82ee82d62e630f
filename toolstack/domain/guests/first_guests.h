// SPDX-License-Identifier: MIT
// The guests that a platform has from its start. Each is a file with the parameters of `create` (docs/api.md), of the
// archive that came as this domain's ramdisk.
#pragma once

#include "toolstack/domain/guests/guests.h"

#include <set>

namespace skerry::toolstack {

struct FirstGuest {
    std::string file; ///< its name, which is remembered
    std::string text; ///< JSON
};

/// The files of `folder` whose names end in .json, by name. None where there is no such folder.
std::vector<FirstGuest> read_first_guests(const std::string& folder);

/// Creates those that no former instance has created; what goes wrong is noted. The monitor is held.
void create_first_guests(Platform& platform, Guests& guests, const std::vector<FirstGuest>& wanted,
                         const std::set<std::string>& created);

} // namespace skerry::toolstack
