// SPDX-License-Identifier: MIT
// Reads a bundle (bundle.h) that may contain anything.
#pragma once

#include "bundle.h"

#include "start_in_place/bytes.h"
#include "start_in_place/result.h"

namespace skerry::bundle {

struct Contents {
    start_in_place::Bytes kernel;  // not empty
    start_in_place::Bytes ramdisk; // empty when there is none
};

/// The views point into `module`; they do not overlap each other or the header.
start_in_place::Result<Contents> read(start_in_place::Bytes module);

} // namespace skerry::bundle
