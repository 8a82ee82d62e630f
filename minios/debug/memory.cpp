// SPDX-License-Identifier: MIT
// The program's memory. Nothing is touched that the page tables do not map. What the program may only read is written
// through a second mapping of its frame, which exists for that moment, is never executable, and is refused by the
// hypervisor where the frame is a page table.
#include "memory.h"

#include "minios/kernel/page_table.h"
#include "minios/kernel/regions.h"
#include "target.h"

namespace minios::debug {

namespace {

void* window; ///< a page of address space

std::uint64_t entry_at(std::uint64_t address) { return page_table::entry_of(reinterpret_cast<void*>(address)); }
bool has(std::uint64_t entry, std::uint64_t flags) { return (entry & flags) == flags; }

std::size_t rest_of_page(std::uint64_t address, std::size_t size) {
    const std::size_t rest = page_size - address % page_size;
    return size < rest ? size : rest;
}

Mfn frame_in(std::uint64_t entry) { return Mfn{(entry & page_table::address_mask) >> page_shift}; }

bool open_window(Mfn mfn) {
    return window != nullptr &&
           hypercall::update_va_mapping(hypercall::address(window), page_table::leaf(mfn, Access::read_write),
                                        UVMF_INVLPG | UVMF_LOCAL) >= 0;
}
void close_window() { (void)hypercall::update_va_mapping(hypercall::address(window), 0, UVMF_INVLPG | UVMF_LOCAL); }

bool read_piece(std::uint64_t address, void* to, std::size_t size) {
    // As if the program touched it.
    if (!has(entry_at(address), page_table::present) && !regions::page_fault(address, false, false)) return false;
    __builtin_memcpy(to, reinterpret_cast<const void*>(address), size);
    return true;
}

bool write_piece(std::uint64_t address, const void* from, std::size_t size) {
    std::uint64_t entry = entry_at(address);
    if (!has(entry, page_table::present | page_table::writable) &&
        regions::page_fault(address, true, has(entry, page_table::present)))
        entry = entry_at(address);
    if (!has(entry, page_table::present)) return false;
    if (has(entry, page_table::writable)) {
        __builtin_memcpy(reinterpret_cast<void*>(address), from, size);
        return true;
    }
    const auto zero = reinterpret_cast<std::uint64_t>(minios_zero_page);
    if (frame_in(entry) == frame_in(entry_at(zero))) return false; // everybody's
    if (!open_window(frame_in(entry))) return false;
    __builtin_memcpy(static_cast<char*>(window) + address % page_size, from, size);
    close_window();
    return true;
}

template <class Byte, class Piece>
std::size_t by_pages(std::uint64_t address, Byte* bytes, std::size_t size, Piece piece) {
    std::size_t done = 0;
    while (done < size) {
        const std::size_t count = rest_of_page(address + done, size - done);
        if (!piece(address + done, bytes + done, count)) break;
        done += count;
    }
    return done;
}

} // namespace

bool prepare_memory() {
    auto reserved = mapping::reserve(1);
    if (reserved) window = *reserved;
    return reserved.ok();
}

bool is_text(std::uint64_t address) {
    return address >= reinterpret_cast<std::uint64_t>(minios_text_start) &&
           address < reinterpret_cast<std::uint64_t>(minios_text_end);
}
Mfn text_frame(std::uint64_t address) { return frame_in(entry_at(address)); }

void write_text(Mfn frame, std::uint64_t address, std::uint8_t byte) {
    if (!open_window(frame)) return;
    static_cast<volatile std::uint8_t*>(window)[address % page_size] = byte;
    close_window();
}

namespace target {

std::size_t read_memory(std::uint64_t address, void* to, std::size_t size) {
    return by_pages(address, static_cast<char*>(to), size, read_piece);
}
std::size_t write_memory(std::uint64_t address, const void* from, std::size_t size) {
    return by_pages(address, static_cast<const char*>(from), size, write_piece);
}

} // namespace target
} // namespace minios::debug
