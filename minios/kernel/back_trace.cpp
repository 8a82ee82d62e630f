// SPDX-License-Identifier: MIT
// Back traces with names. The table comes from the first of the two links of a program (minios/make-symbols).
#include "internal.h"

namespace minios {

namespace {

struct Symbol {
    std::uint32_t offset; ///< of the function from the start of the text
    std::uint32_t name;   ///< offset of its name from the start of the table
};

struct SymbolTable {
    std::uint64_t count;
    Symbol symbols[]; ///< by rising offset
};

extern "C" const SymbolTable minios_symbols __attribute__((weak));

bool in_text(std::uint64_t address) {
    return address >= reinterpret_cast<std::uint64_t>(minios_text_start) &&
           address < reinterpret_cast<std::uint64_t>(minios_text_end);
}

} // namespace

/// A call that does not return may be the last instruction of its function: where it would return to is another.
void print_place(std::uint64_t address, Place place) {
    const SymbolTable* table = &minios_symbols;
    if (table == nullptr || !in_text(address)) {
        print("  %lx\n", address);
        return;
    }
    const auto offset = static_cast<std::uint32_t>(address - reinterpret_cast<std::uint64_t>(minios_text_start));
    const std::uint32_t inside = place == Place::after_call && offset > 0 ? offset - 1 : offset;
    std::uint64_t below = 0, above = table->count;
    while (above - below > 1) {
        const std::uint64_t middle = (below + above) / 2;
        (table->symbols[middle].offset <= inside ? below : above) = middle;
    }
    const Symbol& symbol = table->symbols[below];
    print("  %lx %s + 0x%x\n", address, reinterpret_cast<const char*>(table) + symbol.name, offset - symbol.offset);
}

namespace {

bool readable(std::uint64_t address) { return (page_table::entry_of(reinterpret_cast<void*>(address)) & 1) != 0; }

} // namespace

/// Frames are followed only while they climb within one stack's worth of memory, so that a broken chain cannot run
/// away.
std::size_t collect_back_trace(std::uint64_t frame_pointer, std::uint64_t* places, std::size_t most) {
    constexpr std::uint64_t largest_step = 1 << 20;
    std::size_t count = 0;
    while (count < most && frame_pointer != 0 && frame_pointer % 8 == 0) {
        if (!readable(frame_pointer) || !readable(frame_pointer + 8)) break;
        const auto* frame = reinterpret_cast<const std::uint64_t*>(frame_pointer);
        if (!in_text(frame[1])) break;
        places[count++] = frame[1];
        if (frame[0] <= frame_pointer || frame[0] - frame_pointer > largest_step) break;
        frame_pointer = frame[0];
    }
    return count;
}

void print_back_trace(std::uint64_t instruction, std::uint64_t frame_pointer) {
    constexpr std::size_t most_frames = 32;
    std::uint64_t places[most_frames];
    const std::size_t count = collect_back_trace(frame_pointer, places, most_frames);
    print("back trace:\n");
    if (instruction != 0) print_place(instruction, Place::instruction);
    for (std::size_t i = 0; i < count; ++i) print_place(places[i], Place::after_call);
}

} // namespace minios
