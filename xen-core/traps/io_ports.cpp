// SPDX-License-Identifier: MIT
#include "traps/io_ports.h"

#include "arch/x86_64/instructions.h"
#include "domain/domain.h"

namespace skerry {
namespace {

bool domain_has(const Vcpu& vcpu, uint16_t port, unsigned bytes) {
    return vcpu.domain.io_ports.contains(port, port + bytes - 1u);
}

// Two bytes always, as the CPU reads its own bitmap: the second must exist, and the ABI's bitmaps end with one more
// byte.
bool bitmap_allows(const PvCpuState& state, uint16_t port, unsigned bytes) {
    if (uint32_t{port} + bytes > state.io_bitmap_ports) return false;
    uint64_t at = state.io_bitmap + port / 8;
    uint8_t low = 0xff, high = 0xff;
    if (!copy_in(low, GuestVirt(at)).ok()) return false;
    if (port % 8 + bytes > 8 && !copy_in(high, GuestVirt(at + 1)).ok()) return false;
    unsigned word = low | high << 8;
    return !(word >> port % 8 & ((1u << bytes) - 1));
}

} // namespace

bool has_io_privilege(const Vcpu& vcpu) {
    bool architectural = vcpu.domain.vm_assist & 1ul << VMASST_TYPE_architectural_iopl;
    unsigned needed = !vcpu.cpu.in_kernel ? 3 : architectural ? 0 : 1;
    return vcpu.cpu.iopl >= needed;
}

bool may_use_port(Vcpu& vcpu, uint16_t port, unsigned bytes) {
    return has_io_privilege(vcpu) || bitmap_allows(vcpu.cpu, port, bytes);
}

uint32_t read_port(Vcpu& vcpu, uint16_t port, unsigned bytes) {
    if (!domain_has(vcpu, port, bytes)) return ~0u;
    switch (bytes) {
    case 1: return in8(port);
    case 2: return in16(port);
    default: return in32(port);
    }
}

void write_port(Vcpu& vcpu, uint16_t port, unsigned bytes, uint32_t value) {
    if (!domain_has(vcpu, port, bytes)) return;
    switch (bytes) {
    case 1: return out8(port, static_cast<uint8_t>(value));
    case 2: return out16(port, static_cast<uint16_t>(value));
    default: return out32(port, value);
    }
}

} // namespace skerry
