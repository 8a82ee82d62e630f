// SPDX-License-Identifier: MIT
// How a page of a region comes when it is touched. Runs in the page fault handler, in the middle of any code but the page
// tables' own: everything here lies in memory that is always there.
#include "region_pages.h"

#include "regions.h"

namespace minios::regions {

std::uint64_t backed_pages;

// --- changes ----------------------------------------------------------------------------------------------------------

void Changes::set(const page_table::Table& table, unsigned i, std::uint64_t entry) {
    batch_.set(table.location(i), entry);
    any_ = true;
    if (++pending_ == capacity) finish();
}

void Changes::give_back(const page_table::Table& table, unsigned i) {
    freed_[freed_count_++] = frames::pfn_of(frame_of(table.entry[i]));
    --backed_pages;
    set(table, i, 0);
}

void Changes::finish() {
    if (!any_) return;
    if (auto result = batch_.flush(); !result) panic("regions: cannot change pages: %s", error_name(result.error()));
    page_table::flush_tlb();
    give_frames_back();
    pending_ = 0;
    any_ = false;
}

/// In runs: pages that were touched in the order of their addresses have frames that follow each other downwards.
void Changes::give_frames_back() {
    while (freed_count_ > 0) {
        Pfn first = freed_[--freed_count_];
        std::uint64_t count = 1;
        for (; freed_count_ > 0; --freed_count_, ++count) {
            const Pfn next = freed_[freed_count_ - 1];
            if (next.value + 1 == first.value)
                first = next;
            else if (next.value != first.value + count)
                break;
        }
        frames::release(first, count);
    }
}

std::uint64_t missing_tables(std::uint64_t first, std::uint64_t end) {
    std::uint64_t count = 0;
    for (unsigned level = 1; level <= 3; ++level) {
        const std::uint64_t span = 1ull << (12 + 9 * level);
        for (std::uint64_t at = first & ~(span - 1); at < end; at += span)
            count += page_table::find(at, level).entry == nullptr;
    }
    return count;
}

// --- touching ---------------------------------------------------------------------------------------------------------

namespace {

Mfn zero_frame() {
    static Mfn frame;
    if (frame == Mfn{}) frame = pages::mfn_of(minios_zero_page);
    return frame;
}

void set_page(std::uint64_t virt, std::uint64_t entry) {
    const long result = hypercall::update_va_mapping(virt, entry, UVMF_INVLPG | UVMF_LOCAL);
    if (result < 0) panic("regions: cannot map %lx: %s", virt, error_name(error_of(result)));
}

/// The table of a page, made if it is missing: from the region's promise, if it has one.
page_table::Table table_for(Region& region, std::uint64_t virt) {
    const auto table = page_table::find(virt, 1);
    if (table.entry != nullptr) [[likely]]
        return table;
    if (region.tables == 0) return page_table::ensure(virt);
    const std::uint64_t begun = frames::begin_promised_tables();
    const auto made = page_table::ensure(virt);
    const std::uint64_t used = frames::end_promised_tables(begun);
    const std::uint64_t ours = used < region.tables ? used : region.tables;
    region.tables -= ours;
    frames::unpromise(ours);
    return made;
}

/// Frames for private pages, one to `most`; none for a lazy region without memory.
FrameMap::Run take_frames(const Region& region, std::uint64_t most) {
    if (region.promised) return frames::allocate_promised(most);
    auto free = frames::allocate();
    return free ? FrameMap::Run{free->value, 1} : FrameMap::Run{FrameMap::none, 0};
}

/// What a page of the content is at its beginning. The rest of the last page is zero.
struct Bytes {
    const char* first;
    std::size_t size; ///< up to a page
};
Bytes bytes_of(const Region& region, std::uint64_t virt) {
    const std::uint64_t offset = region.offset_of(virt);
    const Content& content = *region.content;
    if (offset >= content.size) return {nullptr, 0};
    const std::size_t left = content.size - offset;
    return {static_cast<const char*>(content.bytes) + offset, left < page_size ? left : page_size};
}
/// Gives a private page a frame of its own with what it showed until now, which may lie in a page that has yet to come.
bool make_own(Region& region, std::uint64_t virt) {
    const Bytes bytes = region.content != nullptr ? bytes_of(region, virt) : Bytes{nullptr, 0};
    const FrameMap::Run taken = take_frames(region, 1);
    if (taken.count == 0) return false;
    const Mfn frame = frames::mfn_of(Pfn{taken.first});
    set_page(virt, own_entry(frame, Protection::read_write));
    ++backed_pages;
    auto* page = reinterpret_cast<char*>(virt);
    if (bytes.size != 0)
        __builtin_memcpy(page, bytes.first, bytes.size); // through integer registers only, as all of the kernel
    __builtin_memset(page + bytes.size, 0, page_size - bytes.size);
    if (region.protection != Protection::read_write) set_page(virt, own_entry(frame, region.protection));
    return true;
}

/// Shows the content's own page.
bool show(const Region& region, std::uint64_t virt, Access access) {
    const auto source = reinterpret_cast<std::uint64_t>(bytes_of(region, virt).first);
    if (region_map.find(source) != RegionMap::none && !resolve(source, true))
        return false; // the zero page cannot be shared
    const std::uint64_t entry = page_table::entry_of(reinterpret_cast<void*>(source));
    // Whether it is written, the hardware says: a writable page begins without the dirty bit.
    set_page(virt, page_table::leaf(frame_of(entry), access) & ~page_table::dirty);
    return true;
}

bool touch(Region& region, std::uint64_t virt, bool write) {
    if (region.content != nullptr) {
        const Bytes bytes = bytes_of(region, virt);
        if (bytes.first == nullptr) return false;
        const bool can_show = region.content->in_pages_of_its_own;
        if (region.shared && can_show)
            return show(region, virt,
                        region.protection == Protection::read_write ? Access::read_write : Access::read_only);
        if (!write && can_show) return show(region, virt, Access::read_only);
        return make_own(region, virt);
    }
    if (write) return make_own(region, virt);
    set_page(virt, page_table::leaf(zero_frame(), Access::read_only));
    return true;
}

enum class Outcome { refused, was_there, came };

Outcome bring(std::uint64_t address, bool write) {
    const std::size_t i = region_map.find(address);
    if (i == RegionMap::none) return Outcome::refused;
    Region& region = region_map[i];
    if (region.protection == Protection::none || (write && region.protection != Protection::read_write))
        return Outcome::refused;
    const std::uint64_t virt = address & ~(page_size - 1);
    const auto table = table_for(region, virt);
    if (table.entry == nullptr) return Outcome::refused;
    const std::uint64_t entry = table.entry[page_table::index(virt, 1)];
    if (is_present(entry) && (!write || (entry & page_table::writable) != 0)) return Outcome::was_there;
    return touch(region, virt, write) ? Outcome::came : Outcome::refused;
}

} // namespace

bool resolve(std::uint64_t address, bool write) { return bring(address, write) != Outcome::refused; }

bool page_fault(std::uint64_t address, bool write, bool present) {
    const Outcome outcome = bring(address, write);
    // A fault of a page whose entry allows the access would come again for ever.
    return outcome == Outcome::came || (outcome == Outcome::was_there && !present);
}

bool commit(std::uint64_t first, std::uint64_t end) {
    const std::size_t i = region_map.find(first);
    if (i == RegionMap::none) return false;
    Region& region = region_map[i];
    Changes changes;
    for (std::uint64_t at = first; at < end;) {
        const auto table = table_for(region, at);
        if (table.entry == nullptr) return false;
        const unsigned i = page_table::index(at, 1);
        const std::uint64_t wanted = (end - at) >> page_shift, room = page_table::entries - i;
        const FrameMap::Run taken = take_frames(region, wanted < room ? wanted : room);
        if (taken.count == 0) return false;
        for (unsigned j = 0; j < taken.count; ++j)
            changes.set(table, i + j, own_entry(frames::mfn_of(Pfn{taken.first + j}), region.protection));
        backed_pages += taken.count;
        at += taken.count << page_shift;
    }
    return true;
}

const char* explain(std::uint64_t address, bool write) {
    const std::size_t i = region_map.find(address);
    if (i == RegionMap::none) return nullptr;
    const Region& region = region_map[i];
    if (region.protection == Protection::none) return "a page that may not be touched: a guard, or address space only";
    if (write && region.protection == Protection::read) return "a page that may not be written";
    if (region.content != nullptr && region.offset_of(address & ~(page_size - 1)) >= region.content->size)
        return "a page behind the end of the mapped file";
    if (region.lazy && write) return "no memory for a page that nobody promised (MAP_NORESERVE)";
    return "no memory for a page table that nobody promised";
}

} // namespace minios::regions
