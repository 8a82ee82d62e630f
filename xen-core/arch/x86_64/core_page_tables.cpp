// SPDX-License-Identifier: MIT
#include "arch/x86_64/core_page_tables.h"

namespace skerry {

static uint64_t next_mmio = layout::mmio;

static const void* map_for_good(MachAddr address, uint64_t size, uint64_t flags) {
    uint64_t offset = address.value % page_size;
    uint64_t pages = pages_for(offset + size);
    if (pages > (layout::mmio_end - next_mmio) / page_size) return nullptr;
    uint64_t virt = next_mmio;
    for (uint64_t i = 0; i < pages; ++i)
        if (!map_core_page(virt + i * page_size, frame_of(address) + i, flags).ok()) return nullptr;
    next_mmio += pages * page_size;
    return reinterpret_cast<const void*>(virt + offset);
}

Pte* core_entry(uint64_t virt, unsigned level) {
    return walk_tables(core_l4, virt, level, [](Pte* entry, unsigned at) {
        if (entry->is_present()) return at < 4 && entry->is_large() ? Pte() : *entry;
        Mfn frame = core_frame_source();
        if (frame != invalid_mfn) *entry = Pte(frame, pte::core_table);
        return *entry;
    });
}

Status map_core_page(uint64_t virt, Mfn mfn, uint64_t flags) {
    Pte* entry = core_l1_entry(virt);
    if (!entry) return Error::no_memory;
    __atomic_store_n(&entry->raw, Pte(mfn, flags).raw, __ATOMIC_RELAXED);
    return success;
}

volatile void* map_mmio(MachAddr address, uint64_t size) {
    return const_cast<void*>(map_for_good(address, size, pte::core_mmio));
}

const void* map_firmware(MachAddr address, uint64_t size) { return map_for_good(address, size, pte::core_rodata); }

void copy_core_slots(Pte* l4) {
    const Pte* from = to_pointer<const Pte>(core_l4);
    for (unsigned slot = layout::first_core_slot; slot <= layout::last_core_slot; ++slot) l4[slot] = from[slot];
}

} // namespace skerry
