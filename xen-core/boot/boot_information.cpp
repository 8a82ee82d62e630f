// SPDX-License-Identifier: MIT
#include "boot/boot_information.h"

#include "arch/x86_64/memory_map.h"
#include "boot/memory_map_builder.h"

namespace skerry {

constinit BootInformation boot_information;

std::span<const MemoryRegion> machine_memory_map() { return {boot_information.memory, boot_information.memory_count}; }

const char* platform_command_line() { return boot_information.command_line; }

bool is_ram_by_map(Mfn mfn) {
    uint64_t start = address_of(mfn).value;
    for (const MemoryRegion& region : machine_memory_map())
        if (region.kind == MemoryKind::ram && region.start <= start && region.end() >= start + page_size) return true;
    return false;
}

namespace {

constexpr uint32_t multiboot1_magic = 0x2badb002;

struct [[gnu::packed]] Multiboot1 {
    uint32_t flags;
    uint32_t memory_lower, memory_upper; // KiB
    uint32_t boot_device;
    uint32_t command_line;
    uint32_t module_count, modules;
    uint32_t symbols[4];
    uint32_t map_length, map;
    uint32_t drives_length, drives;
    uint32_t config_table;
    uint32_t loader_name;

    static constexpr uint32_t has_memory = 1 << 0, has_command_line = 1 << 2, has_modules = 1 << 3, has_map = 1 << 6,
                              has_loader_name = 1 << 9;
};
struct [[gnu::packed]] Multiboot1Module {
    uint32_t start, end, string, reserved;
};
struct [[gnu::packed]] Multiboot1Region {
    uint32_t size; // of what follows
    uint64_t start, length;
    uint32_t kind;
};

struct [[gnu::packed]] Multiboot2Tag {
    uint32_t type, size;
};
namespace tag {
constexpr uint32_t end = 0, command_line = 1, loader_name = 2, module = 3, memory_map = 6, rsdp_v1 = 14, rsdp_v2 = 15;
}
struct [[gnu::packed]] Multiboot2Module : Multiboot2Tag {
    uint32_t start, end;
    char string[];
};
struct [[gnu::packed]] Multiboot2Map : Multiboot2Tag {
    uint32_t entry_size, entry_version;
};
struct [[gnu::packed]] Multiboot2Region {
    uint64_t start, length;
    uint32_t kind, reserved;
};

// Strings move here: the loader's memory is not ours to keep.
class StringPool {
  public:
    // At most `limit` characters. A string that does not fit is cut.
    const char* keep(const char* text, size_t limit = max_string) {
        const char* start = bytes_ + used_;
        for (size_t i = 0; i < limit && text[i] && used_ < sizeof(bytes_) - 1; ++i) bytes_[used_++] = text[i];
        bytes_[used_] = 0;
        if (used_ < sizeof(bytes_) - 1) ++used_;
        return start;
    }

  private:
    static constexpr size_t max_string = 4096;
    char bytes_[16384]{};
    size_t used_ = 0;
};
constinit StringPool strings;

template <typename T> const T& at(uint32_t address) { return *to_pointer<const T>(MachAddr(address)); }

const char* skip_spaces(const char* text) {
    while (*text == ' ' || *text == '\t') ++text;
    return text;
}

// GRUB 2 passes arguments only; others put the file's name first.
bool is_grub2(const char* loader) {
    const char* name = "GRUB ";
    for (int i = 0; name[i]; ++i)
        if (loader[i] != name[i]) return false;
    return loader[5] != '0';
}

const char* without_file_name(const char* text) {
    text = skip_spaces(text);
    if (is_grub2(boot_information.loader_name)) return text;
    while (*text && *text != ' ' && *text != '\t') ++text;
    return skip_spaces(text);
}

const char* add_module(uint64_t start, uint64_t end, const char* text) {
    if (end <= start) return "the boot loader passed an empty module";
    if (start % page_size) return "the boot loader put a module at an address that is not page-aligned";
    const char* kept = strings.keep(text);
    if (!boot_information.modules.add({MachAddr(start), end - start, kept, without_file_name(kept)}))
        return "too many modules (at most 64)";
    return nullptr;
}

void finish_memory_map(MemoryMapBuilder& builder) {
    boot_information.memory_count = builder.finish(boot_information.memory);
    boot_information.memory_dropped = builder.dropped();
}

constinit MemoryMapBuilder map_builder;

const char* read_multiboot1(uint32_t address) {
    auto& info = at<Multiboot1>(address);
    if (info.flags & Multiboot1::has_loader_name)
        boot_information.loader_name = strings.keep(&at<char>(info.loader_name), 64);
    if (info.flags & Multiboot1::has_command_line)
        boot_information.command_line = without_file_name(strings.keep(&at<char>(info.command_line)));
    if (info.flags & Multiboot1::has_map) {
        for (uint32_t offset = 0; offset + sizeof(Multiboot1Region) <= info.map_length;) {
            auto& region = at<Multiboot1Region>(info.map + offset);
            map_builder.add(region.start, region.length, region.kind);
            offset += region.size + sizeof(region.size);
        }
    } else if (info.flags & Multiboot1::has_memory) {
        map_builder.add(0, uint64_t{info.memory_lower} << 10, 1);
        map_builder.add(0x100000, uint64_t{info.memory_upper} << 10, 1);
    }
    finish_memory_map(map_builder);
    if (info.flags & Multiboot1::has_modules)
        for (uint32_t i = 0; i < info.module_count; ++i) {
            auto& module = at<Multiboot1Module>(info.modules + i * sizeof(Multiboot1Module));
            if (const char* why = add_module(module.start, module.end, module.string ? &at<char>(module.string) : ""))
                return why;
        }
    return nullptr;
}

void read_multiboot2_map(const Multiboot2Map& map, uint32_t address) {
    if (map.entry_size < sizeof(Multiboot2Region)) return;
    for (uint32_t offset = sizeof(map); offset + map.entry_size <= map.size; offset += map.entry_size) {
        auto& region = at<Multiboot2Region>(address + offset);
        map_builder.add(region.start, region.length, region.kind);
    }
}

void keep_rsdp(uint32_t address, uint32_t size) {
    for (uint32_t i = 0; i < size && i < sizeof(boot_information.rsdp); ++i)
        boot_information.rsdp[i] = at<uint8_t>(address + i);
    boot_information.has_rsdp = true;
}

const char* read_multiboot2(uint32_t address) {
    uint32_t total = at<uint32_t>(address);
    const char* problem = nullptr;
    for (uint32_t offset = 8; offset + sizeof(Multiboot2Tag) <= total;) {
        uint32_t here = address + offset;
        auto& header = at<Multiboot2Tag>(here);
        if (header.type == tag::end || header.size < sizeof(header)) break;
        const char* text = &at<char>(here + sizeof(header));
        if (header.type == tag::loader_name)
            boot_information.loader_name = strings.keep(text, 64);
        else if (header.type == tag::command_line)
            boot_information.command_line = skip_spaces(strings.keep(text));
        else if (header.type == tag::memory_map)
            read_multiboot2_map(at<Multiboot2Map>(here), here);
        else if (header.type == tag::rsdp_v2 || (header.type == tag::rsdp_v1 && !boot_information.has_rsdp))
            keep_rsdp(here + sizeof(header), header.size - sizeof(header));
        else if (header.type == tag::module && !problem)
            problem = add_module(at<Multiboot2Module>(here).start, at<Multiboot2Module>(here).end,
                                 at<Multiboot2Module>(here).string);
        offset += (header.size + 7) & ~7u;
    }
    finish_memory_map(map_builder);
    return problem;
}

} // namespace

const char* read_boot_information(uint32_t magic, uint32_t address) {
    const char* problem = magic == multiboot1_magic ? read_multiboot1(address) : read_multiboot2(address);
    if (!problem && !boot_information.memory_count) problem = "the boot loader passed no memory map";
    return problem;
}

} // namespace skerry
