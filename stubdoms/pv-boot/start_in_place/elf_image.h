// SPDX-License-Identifier: MIT
// A 64-bit x86 ELF executable as a loader sees it: load segments (by physical address, as Xen's own loader places them)
// and where notes are. Nothing in the file is trusted: every accepted segment lies inside the file and its addresses do
// not wrap.
#pragma once

#include "bytes.h"
#include "result.h"

namespace skerry::start_in_place {

struct Segment {
    std::uint64_t file_offset = 0;
    std::uint64_t file_bytes = 0;   // <= memory_bytes
    std::uint64_t memory_bytes = 0; // not 0; what lies beyond file_bytes is zero
    std::uint64_t physical = 0;     // p_paddr; physical + memory_bytes does not wrap
    std::uint64_t end() const { return physical + memory_bytes; }
};

struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
};

struct ElfImage {
    static constexpr unsigned max_segments = 32;
    static constexpr unsigned max_note_ranges = 32;

    Segment segments[max_segments]; // in the file's order
    unsigned segment_count = 0;
    ByteRange notes[max_note_ranges]; // PT_NOTE segments; SHT_NOTE sections when there are none
    unsigned note_count = 0;
    std::uint64_t entry = 0; // e_entry
    std::uint64_t physical_start = 0;
    std::uint64_t physical_end = 0; // one past the last byte of the last segment

    static bool recognises(Bytes file);
    static Result<ElfImage> parse(Bytes file);
};

} // namespace skerry::start_in_place
