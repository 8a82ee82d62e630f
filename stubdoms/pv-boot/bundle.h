// SPDX-License-Identifier: MIT
//
// The bundle: how a guest's kernel and ramdisk travel, as opaque bytes, into the guest's own domain.
//
// The builder domain writes one bundle as the module of the guest's domain (start_info.mod_start / mod_len) and starts
// pv-boot there; pv-boot, with the guest's rights and no more, is the first to look inside kernel and ramdisk.
//
//     offset 0        BundleHeader and its entries; the rest of the first page is zero
//     offset 4096     first entry's bytes; every entry starts on a page of its own (the gap before it is zero)
//
// Page alignment is part of the format: pv-boot gives the ramdisk's frames to the kernel as they are, without a copy.
// All fields are little-endian. Offsets count from the start of the bundle. Exactly one kernel, at most one ramdisk.
//
// Who writes it: the builder domain, and build/tools/make-bundle for tests. Who reads it: bundle_reader.cpp here, which trusts
// nothing in it. This header has no dependencies, so that the builder can include it.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace skerry::bundle {

inline constexpr uint64_t magic = 0x444e'4259'5252'4b53; // "SKRRYBND" in memory order
inline constexpr uint32_t version = 1;
inline constexpr uint64_t alignment = 4096;
inline constexpr uint32_t max_entries = 8;

enum class EntryKind : uint32_t {
    kernel = 1,  // bzImage or ELF, as the user gave it
    ramdisk = 2, // initramfs or any other module, as the user gave it
};

struct BundleEntry {
    uint32_t kind;     // EntryKind; an unknown kind is refused
    uint32_t reserved; // zero
    uint64_t offset;   // of the first byte, from the start of the bundle; a multiple of `alignment`, at least one page
    uint64_t bytes;    // length; not zero
};

struct BundleHeader {
    uint64_t magic;
    uint32_t version;
    uint32_t entry_count; // 1 .. max_entries
    uint64_t total_bytes; // whole bundle, header included; at most the module's length
    BundleEntry entries[max_entries];
};

static_assert(sizeof(BundleEntry) == 24 && sizeof(BundleHeader) == 24 + 24 * max_entries);
static_assert(offsetof(BundleHeader, entries) == 24);

constexpr uint64_t align_up(uint64_t bytes) { return (bytes + alignment - 1) & ~(alignment - 1); }

// The header of a bundle whose kernel follows the header page and whose ramdisk (if `ramdisk_bytes` is not 0) follows
// the kernel. A writer stores this at offset 0, then copies the bytes to entries[i].offset; the module is total_bytes
// long. Lengths below 2^48 cannot overflow.
constexpr BundleHeader make_header(uint64_t kernel_bytes, uint64_t ramdisk_bytes) {
    BundleHeader header{};
    header.magic = magic;
    header.version = version;
    header.entry_count = 1;
    header.entries[0] = {static_cast<uint32_t>(EntryKind::kernel), 0, alignment, kernel_bytes};
    header.total_bytes = alignment + kernel_bytes;
    if (ramdisk_bytes != 0) {
        const uint64_t offset = align_up(header.total_bytes);
        header.entries[1] = {static_cast<uint32_t>(EntryKind::ramdisk), 0, offset, ramdisk_bytes};
        header.entry_count = 2;
        header.total_bytes = offset + ramdisk_bytes;
    }
    return header;
}

} // namespace skerry::bundle
