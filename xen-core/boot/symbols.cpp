// SPDX-License-Identifier: MIT
#include "boot/symbols.h"

#include "arch/x86_64/layout.h"

extern "C" {
struct SymbolEntry {
    uint32_t address; // low half: all of the image shares the upper one
    uint32_t name;    // offset into symbol_names
};
extern const SymbolEntry symbol_table[], symbol_table_end[];
extern const char symbol_names[];
extern const char text_start[], text_end[];
}

namespace skerry {

bool is_text(uint64_t address) {
    return address >= reinterpret_cast<uint64_t>(text_start) && address < reinterpret_cast<uint64_t>(text_end);
}

Symbol find_symbol(uint64_t address) {
    if (!is_text(address)) return {nullptr, 0};
    auto low = static_cast<uint32_t>(address);
    const SymbolEntry* first = symbol_table;
    const SymbolEntry* end = symbol_table_end;
    while (end - first > 1) {
        const SymbolEntry* middle = first + (end - first) / 2;
        if (middle->address <= low)
            first = middle;
        else
            end = middle;
    }
    if (first == end || first->address > low) return {nullptr, 0};
    return {symbol_names + first->name, low - first->address};
}

} // namespace skerry
