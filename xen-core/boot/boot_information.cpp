// SPDX-License-Identifier: MIT
#include "boot/start.h"

#include "boot/memory_ranges.h"

namespace skerry {

std::span<const MemoryRegion> machine_memory_map() { return boot_information.memory; }

const char* platform_command_line() { return boot_information.command_line; }

namespace {

namespace region { // of the memory map, in both versions
constexpr Field<uint64_t> start{0}, length{8};
constexpr Field<uint32_t> kind{16};
constexpr uint32_t size = 20;
} // namespace region

namespace multiboot1 {
constexpr uint32_t magic = 0x2badb002;
constexpr uint32_t has_command_line = 1 << 2, has_modules = 1 << 3, has_map = 1 << 6, has_loader_name = 1 << 9;
constexpr Field<uint32_t> flags{0}, command_line{16}, module_count{20}, modules{24}, map_length{44}, map{48},
    loader_name{64};
constexpr uint32_t size = 68;
// Each module
constexpr Field<uint32_t> module_start{0}, module_end{4}, module_string{8};
constexpr uint32_t module_size = 16;
} // namespace multiboot1

namespace multiboot2 {
constexpr Field<uint32_t> total_size{0};
constexpr uint32_t header_size = 8;
// Each tag
constexpr Field<uint32_t> type{0}, size{4};
constexpr Field<uint32_t> module_start{8}, module_end{12}, map_entry_size{8};
constexpr uint32_t tag_header = 8, module_string = 16, map_entries = 16;
enum Tag : uint32_t { end = 0, command_line = 1, loader_name = 2, module = 3, map = 6, rsdp_v1 = 14, rsdp_v2 = 15 };
} // namespace multiboot2

// What boot_information's spans show.
constinit MemoryMapBuilder map_builder;
constinit BootModule modules_kept[max_modules]{};
constinit uint8_t rsdp_kept[36]{};

// Strings move here, each with its end: the loader's memory is not ours to keep. One that does not fit is cut.
constexpr size_t longest_string = 4096, longest_loader_name = 64;
constinit char string_pool[16384]{};
constinit size_t string_pool_used = 0;

const char* keep(const char* text, size_t limit = longest_string) {
    char* start = string_pool + string_pool_used;
    size_t room = sizeof(string_pool) - 1 - string_pool_used;
    size_t length = std::min({strlen(text), limit, room});
    memcpy(start, text, length);
    string_pool_used += std::min(length + 1, room);
    return start;
}

Bytes bytes_at(uint32_t address, uint64_t size) { return {to_pointer<const uint8_t>(MachAddr(address)), size}; }
const char* text_at(uint32_t address) { return to_pointer<const char>(MachAddr(address)); }

const char* skip_spaces(const char* text) {
    while (*text == ' ' || *text == '\t') ++text;
    return text;
}

// GRUB 2 passes arguments only; others put the file's name first.
const char* without_file_name(const char* text) {
    const char* loader = boot_information.loader_name;
    text = skip_spaces(text);
    if (!memcmp(loader, "GRUB ", 5) && loader[5] != '0') return text;
    while (*text && *text != ' ' && *text != '\t') ++text;
    return skip_spaces(text);
}

const char* add_module(uint64_t start, uint64_t end, const char* text) {
    size_t count = boot_information.modules.size();
    if (end <= start) return "the boot loader passed an empty module";
    if (start % page_size) return "the boot loader put a module at an address that is not page-aligned";
    if (count == max_modules) return "too many modules (at most 64)";
    const char* kept = keep(text);
    modules_kept[count] = {MachAddr(start), end - start, kept, without_file_name(kept)};
    boot_information.modules = {modules_kept, count + 1};
    return nullptr;
}

void add_region(uint32_t address) {
    Bytes bytes = bytes_at(address, region::size);
    map_builder.add(region::start(bytes), region::length(bytes), region::kind(bytes));
}

const char* read_multiboot1(uint32_t address) {
    using namespace multiboot1;
    Bytes info = bytes_at(address, size);
    auto has = [&](uint32_t flag) { return flags(info) & flag; };
    if (has(has_loader_name)) boot_information.loader_name = keep(text_at(loader_name(info)), longest_loader_name);
    if (has(has_command_line)) boot_information.command_line = without_file_name(keep(text_at(command_line(info))));
    if (has(has_map)) {
        constexpr Field<uint32_t> size_of_rest{0}; // in front of each region
        for (uint32_t at = 0; at + 4 + region::size <= map_length(info);) {
            add_region(map(info) + at + 4);
            at += 4 + size_of_rest(bytes_at(map(info) + at, 4));
        }
    }
    for (uint32_t i = 0; has(has_modules) && i < module_count(info); ++i) {
        Bytes module = bytes_at(modules(info) + i * module_size, module_size);
        uint32_t string = module_string(module);
        if (const char* why = add_module(module_start(module), module_end(module), string ? text_at(string) : ""))
            return why;
    }
    return nullptr;
}

const char* read_multiboot2(uint32_t address) {
    using namespace multiboot2;
    uint32_t total = total_size(bytes_at(address, header_size));
    const char* problem = nullptr;
    for (uint32_t offset = header_size; offset + tag_header <= total;) {
        uint32_t here = address + offset, length = size(bytes_at(here, tag_header));
        Bytes tag = bytes_at(here, length);
        const char* text = text_at(here + tag_header);
        if (type(tag) == Tag::end || length < tag_header) break;
        switch (type(tag)) {
        case Tag::loader_name: boot_information.loader_name = keep(text, longest_loader_name); break;
        case Tag::command_line: boot_information.command_line = skip_spaces(keep(text)); break;
        case Tag::map:
            if (uint32_t step = map_entry_size(tag); step >= region::size)
                for (uint32_t at = map_entries; at + step <= length; at += step) add_region(here + at);
            break;
        case Tag::module:
            if (!problem) problem = add_module(module_start(tag), module_end(tag), text_at(here + module_string));
            break;
        case Tag::rsdp_v1: // only without the other one
            if (!boot_information.rsdp.empty()) break;
            [[fallthrough]];
        case Tag::rsdp_v2:
            memcpy(rsdp_kept, text, std::min<size_t>(length - tag_header, sizeof(rsdp_kept)));
            boot_information.rsdp = rsdp_kept;
        }
        offset += (length + 7) & ~7u;
    }
    return problem;
}

} // namespace

const char* read_boot_information(uint32_t magic, uint32_t address) {
    const char* problem = magic == multiboot1::magic ? read_multiboot1(address) : read_multiboot2(address);
    // The first interrupt controllers of every PC, which not every firmware mentions.
    for (uint64_t address : {0xfec00000, 0xfee00000}) map_builder.add(address, page_size, 2);
    boot_information.memory = map_builder.finish();
    boot_information.memory_dropped = map_builder.dropped();
    if (!problem && boot_information.memory.empty()) problem = "the boot loader passed no memory map";
    return problem;
}

} // namespace skerry
