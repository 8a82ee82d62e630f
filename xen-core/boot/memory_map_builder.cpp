// SPDX-License-Identifier: MIT
#include "boot/memory_map_builder.h"

namespace skerry {

namespace {

// Where two entries disagree the more restrictive one holds.
unsigned strength(MemoryKind kind) {
    switch (kind) {
    case MemoryKind::ram: return 0;
    case MemoryKind::acpi_tables: return 1;
    case MemoryKind::acpi_nvs: return 2;
    case MemoryKind::reserved: return 3;
    default: return 4;
    }
}

} // namespace

void MemoryMapBuilder::add(uint64_t start, uint64_t size, uint32_t kind) {
    uint64_t end;
    if (!size) return;
    if (count_ == max_memory_regions || __builtin_add_overflow(start, size, &end)) {
        ++dropped_;
        return;
    }
    MemoryKind known = kind >= 1 && kind <= 5 ? static_cast<MemoryKind>(kind) : MemoryKind::reserved;
    raw_[count_++] = {start, size, known};
}

// Sweeps over the addresses where some entry starts or ends; each stretch between two of them has one kind.
size_t MemoryMapBuilder::finish(MemoryRegion* regions) {
    size_t n = 0;
    uint64_t position = 0;
    for (;;) {
        uint64_t next = ~uint64_t{0};
        const MemoryRegion* strongest = nullptr;
        for (size_t i = 0; i < count_; ++i) {
            const MemoryRegion& region = raw_[i];
            if (region.start > position && region.start < next) next = region.start;
            if (region.end() > position && region.end() < next) next = region.end();
            bool covers = region.start <= position && region.end() > position;
            if (covers && (!strongest || strength(region.kind) > strength(strongest->kind))) strongest = &region;
        }
        if (strongest) {
            if (n && regions[n - 1].end() == position && regions[n - 1].kind == strongest->kind)
                regions[n - 1].size += next - position;
            else if (n < max_memory_regions)
                regions[n++] = {position, next - position, strongest->kind};
            else
                ++dropped_;
        }
        if (next == ~uint64_t{0}) return n;
        position = next;
    }
}

} // namespace skerry
