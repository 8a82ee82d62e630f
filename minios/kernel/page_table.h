// SPDX-License-Identifier: MIT
// The domain's page tables: walking them, and changing entries through the hypervisor in batches. Tables are read
// through read-only mappings.
#pragma once

#include "frame_map.h"
#include "internal.h"

namespace minios::page_table {

inline constexpr std::uint64_t present = 1, writable = 2, user = 4, accessed = 0x20, dirty = 0x40;
inline constexpr std::uint64_t no_execute = 1ull << 63;
inline constexpr std::uint64_t address_mask = 0x000ffffffffff000;
inline constexpr unsigned entries = 512;

inline constexpr std::uint64_t leaf_flags = present | user | accessed | no_execute;
constexpr std::uint64_t leaf(Mfn mfn, Access access) {
    return (mfn.value << page_shift) | leaf_flags | (access == Access::read_write ? writable | dirty : 0);
}
constexpr unsigned index(std::uint64_t virt, unsigned level) { return (virt >> (12 + 9 * (level - 1))) % entries; }

/// A table as we see it: where it is mapped (read-only) and its machine frame.
struct Table {
    const std::uint64_t* entry = nullptr;
    Mfn mfn;
    std::uint64_t location(unsigned i) const { return (mfn.value << page_shift) + i * 8; }
};

/// The table of `level` (1..4) on the way to `virt`; none when an entry on the way is absent.
Table find(std::uint64_t virt, unsigned level);
/// As find(virt, 1), making what is missing. None: out of page-table pages.
Table ensure(std::uint64_t virt);
/// As ensure, for the table of any level.
Table ensure_level(std::uint64_t virt, unsigned level);
/// Makes the page at `page` (the fixed address of frame `pfn`) a table and hangs it into parent[i]; nothing changed on
/// error.
Result<void> add(const Table& parent, unsigned i, void* page, Pfn pfn);
/// ensure() for each level-1 table under [virt, virt + size).
bool ensure_range(std::uint64_t virt, std::uint64_t size);

/// Updates collected and applied together. Errors stick; flush() reports them.
class Batch {
  public:
    static constexpr unsigned capacity = 64;
    explicit Batch(DomId owner = dom_self) : owner_(owner) {}
    void set(std::uint64_t location, std::uint64_t value) {
        requests_[count_++] = {location | MMU_NORMAL_PT_UPDATE, value};
        if (count_ == capacity) (void)flush(); // the error sticks
    }
    Result<void> flush();

  private:
    mmu_update_t requests_[capacity];
    unsigned count_ = 0;
    DomId owner_;
    Error error_ = Error::none;
};

void flush_tlb();

/// From here on `root_table` is what we walk.
void start(const void* root_table);

} // namespace minios::page_table

namespace minios::frames {

/// A frame that is mapped writable by the page allocator, for page tables; Error::no_memory when none.
Result<Pfn> allocate_table();
/// Between these two, tables are made from promised frames; the value given by the first tells the second how many were. What was
/// promised for them is then to be taken back.
std::uint64_t begin_promised_tables();
std::uint64_t end_promised_tables(std::uint64_t begun);
/// Promises `count` frames to a region: false when there are not that many.
bool promise(std::uint64_t count);
void unpromise(std::uint64_t count);
/// For promised frames that were taken and have come back just now.
void promise_again(std::uint64_t count);
/// Takes one to `most` of the promised, consecutive ones.
FrameMap::Run allocate_promised(std::uint64_t most);
/// `first_free`: the frame behind all that the builder put there. Takes some for itself.
void start(const start_info_t& info, std::uint64_t first_free, std::uint64_t initial_pages);
std::uint64_t initial_pages();
/// Known once the tables can be walked.
void set_initial_pages(std::uint64_t count);
/// Takes the lowest run of `count` free frames inside [from, to); ~0 when there is none.
std::uint64_t take_run(std::uint64_t count, std::uint64_t from, std::uint64_t to);

} // namespace minios::frames
