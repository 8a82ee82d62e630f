// SPDX-License-Identifier: MIT
#include "arch/x86_64/exception_table.h"

#include <stddef.h>

namespace skerry {

namespace {

struct Entry {
    int32_t fault;
    int32_t continue_at;

    uintptr_t fault_address() const { return reinterpret_cast<uintptr_t>(&fault) + fault; }
    uintptr_t continue_address() const { return reinterpret_cast<uintptr_t>(&continue_at) + continue_at; }
};

extern "C" Entry exception_table_start[], exception_table_end[];

} // namespace

uintptr_t find_fixup(uintptr_t rip) {
    const Entry* first = exception_table_start;
    const Entry* end = exception_table_end;
    while (first < end) {
        const Entry* middle = first + (end - first) / 2;
        uintptr_t address = middle->fault_address();
        if (address == rip) return middle->continue_address();
        if (address < rip)
            first = middle + 1;
        else
            end = middle;
    }
    return 0;
}

// Insertion sort: the compiler emits the entries nearly in order already. Offsets are relative to where they stand.
void sort_exception_table() {
    size_t count = static_cast<size_t>(exception_table_end - exception_table_start);
    for (size_t i = 1; i < count; ++i) {
        uintptr_t fault = exception_table_start[i].fault_address();
        uintptr_t continue_at = exception_table_start[i].continue_address();
        size_t j = i;
        for (; j > 0 && exception_table_start[j - 1].fault_address() > fault; --j) {
            Entry& from = exception_table_start[j - 1];
            Entry& to = exception_table_start[j];
            uintptr_t moved_fault = from.fault_address(), moved_continue = from.continue_address();
            to.fault = static_cast<int32_t>(moved_fault - reinterpret_cast<uintptr_t>(&to.fault));
            to.continue_at = static_cast<int32_t>(moved_continue - reinterpret_cast<uintptr_t>(&to.continue_at));
        }
        Entry& place = exception_table_start[j];
        place.fault = static_cast<int32_t>(fault - reinterpret_cast<uintptr_t>(&place.fault));
        place.continue_at = static_cast<int32_t>(continue_at - reinterpret_cast<uintptr_t>(&place.continue_at));
    }
}

} // namespace skerry
