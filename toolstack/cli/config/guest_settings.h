// SPDX-License-Identifier: MIT
// What the settings of an xl.cfg file mean: the parameters of `create`, and the files to upload. Each setting that xl
// knows is done or named; none is ignored.
#pragma once

#include "toolstack/cli/config/config.h"
#include "toolstack/protocol/json.h"

namespace skerry::cli {

/// A file of the operator's machine, or an image that the platform has ("image:NAME").
struct ImageSource {
    std::string file;  ///< a path, or empty
    std::string image; ///< a name, or empty
    unsigned line = 0;
    /// As it is written in a configuration.
    std::string source() const { return file.empty() ? "image:" + image : file; }
    bool given() const { return !file.empty() || !image.empty(); }
};

struct GuestSettings {
    json::Value params; ///< without kernel, loader and ramdisk
    ImageSource kernel, ramdisk;
    std::vector<ConfigProblem> problems; ///< if any, there is no guest to create
};

GuestSettings read_guest_settings(const Config& config);

} // namespace skerry::cli
