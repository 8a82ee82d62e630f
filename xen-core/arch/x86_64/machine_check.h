// SPDX-License-Identifier: MIT
// Machine check banks (Intel SDM volume 3, chapter 15). xen-core does not recover from uncorrected errors: #MC is the
// end, with the banks shown.
#pragma once

namespace skerry {

// Each CPU: forgets what firmware left (after showing it) and enables all banks.
void init_machine_check();

// The banks of this CPU that hold an error, one line each, through `say`. For the crash of a machine check.
void print_machine_check_banks(void (*say)(const char* line));

} // namespace skerry
