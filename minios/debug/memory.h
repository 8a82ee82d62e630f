// SPDX-License-Identifier: MIT
#pragma once

namespace minios::debug {

/// Before the first write to memory that is read-only. False: no address space or page table for the second mapping.
bool prepare_memory();

} // namespace minios::debug
