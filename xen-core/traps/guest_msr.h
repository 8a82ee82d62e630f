// SPDX-License-Identifier: MIT
// Model-specific registers as a PV kernel sees them: few exist. What is not listed is a general protection fault, as on
// Xen.
#pragma once

#include "domain/vcpu.h"

#include <optional>

namespace skerry {

// Nothing: #GP.
std::optional<uint64_t> read_guest_msr(Vcpu& vcpu, uint32_t number);
bool write_guest_msr(Vcpu& vcpu, uint32_t number, uint64_t value);

} // namespace skerry
