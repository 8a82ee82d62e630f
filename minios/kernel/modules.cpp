// SPDX-License-Identifier: MIT
// Modules from start_info. They come from whoever built this domain; the list form is still checked, because a wrong
// offset here is a fault far from its cause.
#include "page_table.h"

#include <new>

namespace minios {

namespace {

Module single;
Module* list = &single;
std::size_t count;

/// Start of the module memory, mapped.
const std::byte* map_modules(const start_info_t& info, Pfn& first) {
    if ((info.flags & SIF_MOD_START_PFN) == 0) {
        first = pages::pfn_of(reinterpret_cast<void*>(info.mod_start));
        return reinterpret_cast<const std::byte*>(info.mod_start);
    }
    first = Pfn{info.mod_start};
    if (info.mod_start >= info.nr_pages)
        panic("modules: first frame %lx is beyond the domain's %lx pages", info.mod_start, info.nr_pages);
    const std::uint64_t pages_needed = (info.mod_len + page_size - 1) / page_size;
    auto* data = static_cast<const std::byte*>(pages::constant_address_of(first, pages_needed));
    if (data == nullptr) panic("modules: cannot map %lu pages from frame %lx", pages_needed, info.mod_start);
    return data;
}

std::string_view text_at(const std::byte* base, std::size_t size, std::uint32_t offset) {
    if (offset == 0 || offset >= size) return {};
    const char* text = reinterpret_cast<const char*>(base) + offset;
    return {text, bounded_length(text, size - offset)};
}

void read_list(const std::byte* base, std::size_t size, Pfn first) {
    const auto* entries = reinterpret_cast<const xen_multiboot_mod_list*>(base);
    const std::size_t most = size / sizeof(xen_multiboot_mod_list);
    std::size_t found = 0;
    while (found < most && entries[found].mod_start != 0) ++found;
    list = static_cast<Module*>(heap::allocate(sizeof(Module) * (found + 1)));
    if (list == nullptr) panic("modules: no memory for a list of %lu", found);
    for (std::size_t i = 0; i < found; ++i) {
        const auto& entry = entries[i];
        if (entry.mod_start >= size || entry.mod_end >= size || entry.mod_end + 1 < entry.mod_start)
            panic("modules: entry %lu: bytes %x to %x of %lx", i, entry.mod_start, entry.mod_end, size);
        new (&list[i]) Module{base + entry.mod_start, entry.mod_end + 1 - entry.mod_start,
                              text_at(base, size, entry.cmdline), Pfn{first.value + entry.mod_start / page_size}, true};
    }
    count = found;
}

} // namespace

void modules_start(const start_info_t& info) {
    if (info.mod_len == 0) return;
    Pfn first;
    const std::byte* base = map_modules(info, first);
    if ((info.flags & SIF_MULTIBOOT_MOD) != 0) {
        read_list(base, info.mod_len, first);
        return;
    }
    single = {base, info.mod_len, {}, first, true};
    count = 1;
}

std::span<const Module> modules() { return {list, count}; }

} // namespace minios
