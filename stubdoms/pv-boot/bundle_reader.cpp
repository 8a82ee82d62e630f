// SPDX-License-Identifier: MIT
#include "bundle_reader.h"

namespace skerry::bundle {

using start_in_place::Bytes;
using start_in_place::Failure;
using start_in_place::Result;

namespace {

Result<void> check_header(const BundleHeader& header, std::uint64_t module_bytes) {
    if (header.magic != magic)
        return Failure{"bundle: module does not begin with a bundle header but with", header.magic};
    if (header.version != version) return Failure{"bundle: unknown version", header.version};
    if (header.entry_count == 0 || header.entry_count > max_entries)
        return Failure{"bundle: impossible number of entries:", header.entry_count};
    if (header.total_bytes > module_bytes)
        return Failure{"bundle: cut off; its header promises bytes", header.total_bytes};
    return {};
}

Result<void> check_entry(const BundleHeader& header, unsigned index) {
    const BundleEntry& entry = header.entries[index];
    if (entry.reserved != 0 || entry.bytes == 0 || entry.offset % alignment != 0 || entry.offset < alignment)
        return Failure{"bundle: malformed entry", index};
    if (entry.offset > header.total_bytes || entry.bytes > header.total_bytes - entry.offset)
        return Failure{"bundle: entry reaches beyond the end; entry", index};
    for (unsigned i = 0; i < index; ++i) { // earlier entries were checked: their sums do not overflow
        const BundleEntry& other = header.entries[i];
        if (entry.offset < align_up(other.offset + other.bytes) && other.offset < align_up(entry.offset + entry.bytes))
            return Failure{"bundle: two entries overlap; the second is entry", index};
    }
    return {};
}

} // namespace

Result<Contents> read(Bytes module) {
    BundleHeader header;
    if (!module.read(0, header)) return Failure{"bundle: module too short for a bundle; bytes", module.size()};
    if (Result<void> checked = check_header(header, module.size()); !checked) return checked.failure();
    Contents contents;
    for (unsigned i = 0; i < header.entry_count; ++i) {
        if (Result<void> checked = check_entry(header, i); !checked) return checked.failure();
        const BundleEntry& entry = header.entries[i];
        Bytes* into = nullptr;
        if (entry.kind == static_cast<std::uint32_t>(EntryKind::kernel))
            into = &contents.kernel;
        else if (entry.kind == static_cast<std::uint32_t>(EntryKind::ramdisk))
            into = &contents.ramdisk;
        if (into == nullptr || into->size() != 0)
            return Failure{"bundle: entry of unknown kind, or a second one of its kind; entry", i};
        *into = module.slice(entry.offset, entry.bytes);
    }
    if (contents.kernel.size() == 0) return Failure{"bundle: no kernel; entries", header.entry_count};
    return contents;
}

} // namespace skerry::bundle
