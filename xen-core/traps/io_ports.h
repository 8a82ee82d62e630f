// SPDX-License-Identifier: MIT
// Port I/O of guests. Two questions, as on Xen: does the guest's kernel let this code use the port (I/O privilege
// level, I/O bitmap)? If not, #GP. Does the domain have the port? If not, reads give ones and writes go nowhere.
#pragma once

#include "domain/vcpu.h"

namespace skerry {

// By privilege level alone: what cli, sti and all ports need.
bool has_io_privilege(const Vcpu& vcpu);
bool may_use_port(Vcpu& vcpu, uint16_t port, unsigned bytes);
uint32_t read_port(Vcpu& vcpu, uint16_t port, unsigned bytes);
void write_port(Vcpu& vcpu, uint16_t port, unsigned bytes, uint32_t value);

} // namespace skerry
