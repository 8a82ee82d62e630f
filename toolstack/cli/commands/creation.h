// SPDX-License-Identifier: MIT
// What `create` and `run` have in common.
#pragma once

#include "toolstack/cli/session.h"

namespace skerry::cli {

/// The image's name on the platform: "image:NAME" is there already, anything else is a file that is uploaded if need be;
/// what was new is added to `uploaded`.
std::string image_of(Session& session, const std::string& image, std::vector<std::string>& uploaded);
/// Calls create. When it fails, what was uploaded for it goes again.
json::Value create_guest(Session& session, json::Value params, const std::vector<std::string>& uploaded);
void show_created(Session& session, const json::Value& result);
/// A guest that this command made and cannot use.
void destroy_quietly(Session& session, std::int64_t id);

} // namespace skerry::cli
