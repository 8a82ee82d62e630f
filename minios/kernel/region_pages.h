// SPDX-License-Identifier: MIT
// The pages of regions: what their page-table entries say, and how those are changed.
//
// An entry of a region is one of
//   0                    never touched, or given back
//   without `own`        not ours to give back, read-only or shared: the zero page, or a page of the content
//   `own`, present       a frame of its own
//   `own`, not present   a frame of its own that may not be touched now (Protection::none)
#pragma once

#include "page_table.h"
#include "region_map.h"

namespace minios::regions {

inline constexpr std::uint64_t own = 1 << 9; // one of the bits that hardware and hypervisor leave to the guest

inline bool is_own(std::uint64_t entry) { return (entry & own) != 0; }
inline bool is_present(std::uint64_t entry) { return (entry & page_table::present) != 0; }

/// The frame number of an entry that is not present is inverted: a processor with the L1TF flaw could otherwise read the frame
/// speculatively, and Xen refuses such entries for that.
inline Mfn frame_of(std::uint64_t entry) {
    return Mfn{((is_present(entry) ? entry : ~entry) & page_table::address_mask) >> page_shift};
}
inline std::uint64_t own_entry(Mfn frame, Protection protection) {
    if (protection == Protection::none) return (~(frame.value << page_shift) & page_table::address_mask) | own;
    return page_table::leaf(frame, protection == Protection::read ? Access::read_only : Access::read_write) | own;
}

/// Frames of their own in all regions.
extern std::uint64_t backed_pages;
extern RegionMap region_map;

/// Entries changed together; frames go back when no translation to them is left.
class Changes {
  public:
    Changes() = default;
    ~Changes() { finish(); }
    Changes(const Changes&) = delete;
    Changes& operator=(const Changes&) = delete;

    void set(const page_table::Table& table, unsigned i, std::uint64_t entry);
    /// As set(), to 0, for an own page; the frame is free when all is done.
    void give_back(const page_table::Table& table, unsigned i);
    void finish();

  private:
    void give_frames_back();
    static constexpr unsigned capacity = page_table::Batch::capacity - 1; // so that the batch never flushes by itself
    page_table::Batch batch_;
    unsigned pending_ = 0, freed_count_ = 0;
    bool any_ = false;
    Pfn freed_[capacity];
};

/// Calls act(table, index, entry, address) for each page of [first, end) that has an entry.
template <class Act> void each_entry(std::uint64_t first, std::uint64_t end, Act act) {
    constexpr std::uint64_t span = 1ull << 21;
    for (std::uint64_t at = first; at < end;) {
        const auto upper = page_table::find(at, 2);
        const std::uint64_t below = upper.entry == nullptr ? span * page_table::entries : span;
        const auto table = page_table::find(at, 1);
        if (table.entry == nullptr) {
            at = (at & ~(below - 1)) + below;
            continue;
        }
        const std::uint64_t stop = (at & ~(span - 1)) + span < end ? (at & ~(span - 1)) + span : end;
        for (; at < stop; at += page_size) {
            const unsigned i = page_table::index(at, 1);
            if (table.entry[i] != 0) act(table, i, table.entry[i], at);
        }
    }
}

/// Page tables that [first, end) still needs.
std::uint64_t missing_tables(std::uint64_t first, std::uint64_t end);

/// Makes the page at `address` readable, or writable when `write`. False: see explain().
bool resolve(std::uint64_t address, bool write);
} // namespace minios::regions
