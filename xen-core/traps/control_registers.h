// SPDX-License-Identifier: MIT
// Control registers as a PV kernel sees them. Writes that would need what a PV guest cannot have are refused (#GP).
#pragma once

#include "domain/vcpu.h"

#include <optional>

namespace skerry {

// Nothing: #GP (or #UD for a register that does not exist, which looks the same to a kernel that tries).
std::optional<uint64_t> read_guest_control(Vcpu& vcpu, unsigned index);

enum class ControlWrite { done, refused, retry };
ControlWrite write_guest_control(CpuLocal& cpu, Vcpu& vcpu, unsigned index, uint64_t value);

// XSETBV of register 0: which state components the guest uses.
bool set_guest_xcr0(Vcpu& vcpu, uint64_t value);

} // namespace skerry
