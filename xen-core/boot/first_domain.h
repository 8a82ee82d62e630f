// SPDX-License-Identifier: MIT
// The first domain: module 0, a plain PV ELF, gets the machine's memory that is asked for, every right, and the
// remaining modules.
//
// What it finds when it starts is the ABI's start-of-day layout (<xen/xen.h>): kernel, modules, p2m list, start_info,
// page tables and stack in one contiguous region, pseudo-physical frame 0 first. One module is passed on as it is;
// several as the multiboot list (SIF_MULTIBOOT_MOD): the area begins with the list, whose addresses count from the
// area's start.
#pragma once

#include "boot/boot_information.h"
#include "boot/options.h"

namespace skerry {

// Ends in cannot_start(), which says why, if the image or the memory does not do. The domain runs when this CPU enters
// the scheduler.
void construct_first_domain(std::span<const BootModule> modules, const Options& options);

} // namespace skerry
