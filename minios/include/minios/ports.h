// SPDX-License-Identifier: MIT
// I/O ports, for domains that were given some. The hypervisor emulates each access; one to a port without the right is
// a general protection fault.
#pragma once

#include <minios/hypercall.h>

namespace minios::ports {

/// Kernel mode counts as ring 1 for I/O privilege: asks for level 1. Once, before the first access.
inline Result<void> enable() {
    physdev_set_iopl_t operation{};
    operation.iopl = 1;
    return result_of(hypercall::physdev_op(PHYSDEVOP_set_iopl, &operation));
}

inline std::uint8_t in8(std::uint16_t port) {
    std::uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline void out8(std::uint16_t port, std::uint8_t value) { asm volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }

} // namespace minios::ports
