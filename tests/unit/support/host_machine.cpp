// SPDX-License-Identifier: MIT
#include "host_machine.h"

#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/layout.h"
#include "memory/guest_copy.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace skerry {

HostGuestMemory host_guest_memory;
static HostMachine* machine;

HostMachine::HostMachine(uint64_t frames)
    : frames_(frames), ram_(static_cast<uint8_t*>(std::aligned_alloc(page_size, frames * page_size))),
      table_(new Frame[frames + 16]), m2p_(frames + 16, invalid_m2p_entry) {
    if (machine) abort();
    machine = this;
    memset(ram_, 0x5a, frames * page_size);
    direct_map_base = reinterpret_cast<uint64_t>(ram_);
    frame_table_base = table_.get();
    m2p_base = m2p_.data();
    set_frame_limits(Mfn(frames + 15), 36);
    // The allocator and the core account are globals without destructors: a new machine starts with new ones.
    new (&allocator) Allocator();
    new (&core_account) Account(DomId(0x7ff2), 0, ~uint64_t{0});
    allocator.add_core(Mfn(0), 1);
    allocator.add(Mfn(1), frames - 1);
}

HostMachine::~HostMachine() {
    machine = nullptr;
    free(ram_);
}

HostMachine& HostMachine::get() { return *machine; }

void flush_tlb(const CpuSet& cpus) {
    ++machine->flushes;
    if (machine->on_flush) machine->on_flush(cpus);
}

void copy_core_slots(Pte* l4) {
    for (unsigned i = layout::first_core_slot; i <= layout::last_core_slot; ++i) l4[i] = Pte(host_core_slot);
}

static uint8_t* guest_bytes(GuestVirt at, size_t bytes) {
    uint64_t offset = at.value - host_guest_memory.base;
    if (bytes > host_guest_memory.bytes.size() || offset > host_guest_memory.bytes.size() - bytes) return nullptr;
    return &host_guest_memory.bytes[offset];
}

bool copy_from_guest_raw(void* to, GuestVirt from, size_t bytes) {
    uint8_t* found = guest_bytes(from, bytes);
    return found && memcpy(to, found, bytes);
}
bool copy_to_guest_raw(GuestVirt to, const void* from, size_t bytes) {
    uint8_t* found = guest_bytes(to, bytes);
    return found && memcpy(found, from, bytes);
}

} // namespace skerry
