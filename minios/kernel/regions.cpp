// SPDX-License-Identifier: MIT
// Regions: making, cutting and changing them. Their pages come on touch (region_pages.cpp).
#include "regions.h"

#include "layout.h"
#include "region_pages.h"

namespace minios::regions {

namespace {

constexpr std::size_t first_capacity = 16;
constinit Region first_regions[first_capacity];

std::size_t array_pages(std::size_t count) { return (count * sizeof(Region) + page_size - 1) / page_size; }

/// The map is read in the page fault handler: its memory is always there.
Region* allocate_array(std::size_t count) {
    auto* memory = static_cast<Region*>(pages::allocate(array_pages(count)));
    for (std::size_t i = 0; memory != nullptr && i < count; ++i) ::new (&memory[i]) Region;
    return memory;
}
void release_array(Region* memory, std::size_t count) { pages::release(memory, array_pages(count)); }

} // namespace

constinit RegionMap region_map(first_regions, first_capacity, allocate_array, release_array);

namespace {

/// Kept when regions are made or cut for another protection, so that taking memory away does not fail for want of memory.
constexpr std::size_t spare_records = 4;

struct Range {
    std::uint64_t first, end;
};

/// Whole pages around [first, first + size); false when that is nonsense.
bool range_of(const void* first, std::size_t size, Range& range) {
    range.first = reinterpret_cast<std::uint64_t>(first);
    const std::uint64_t rounded = (size + page_size - 1) & ~(page_size - 1);
    if (range.first % page_size != 0 || rounded < size || rounded == 0 || range.first + rounded < rounded) return false;
    range.end = range.first + rounded;
    return true;
}

bool covered(const Range& range) {
    std::uint64_t at = range.first;
    for (std::size_t i = region_map.first_above(at);
         at < range.end && i < region_map.size() && region_map[i].first <= at; ++i)
        at = region_map[i].end;
    return at >= range.end;
}

/// Cuts the region that holds `address`, if it does not begin there. A table at the cut is needed by both halves now, and
/// promised to both.
Result<void> cut(std::uint64_t address) {
    const std::size_t i = region_map.find(address);
    if (i == RegionMap::none || region_map[i].first == address) return {};
    Region& region = region_map[i];
    std::uint64_t upper_tables = 0;
    if (region.tables != 0) {
        const std::uint64_t lower = missing_tables(region.first, address), upper = missing_tables(address, region.end);
        if (lower + upper > region.tables) {
            if (!frames::promise(lower + upper - region.tables)) return Error::no_memory;
            region.tables = lower + upper;
        }
        upper_tables = upper;
    }
    if (region.content != nullptr) ++region.content->regions;
    region_map.split(i, address, upper_tables);
    return {};
}

void forget_one(Content* content) {
    if (content != nullptr && --content->regions == 0 && content->unused != nullptr) content->unused(*content);
}

/// Joins the regions around [first, end] where they are of one kind.
void merge(std::uint64_t first, std::uint64_t end) {
    std::size_t i = region_map.first_above(first > 0 ? first - 1 : 0);
    while (i < region_map.size() && region_map[i].first <= end) {
        Content* content = region_map[i].content;
        if (region_map.merge_with_previous(i))
            forget_one(content);
        else
            ++i;
    }
}

bool is_inside(std::uint64_t address) {
    const std::size_t i = region_map.find(address);
    return i != RegionMap::none && region_map[i].first != address;
}

/// Cuts out [first, end): from here on it is a number of whole regions. If it is that already, no memory is needed. `spare`: records that
/// must be left.
Result<void> isolate(const Range& range, std::size_t spare = 0) {
    const std::size_t cuts = std::size_t{is_inside(range.first)} + std::size_t{is_inside(range.end)};
    if (cuts == 0) return {};
    if (!region_map.make_room(cuts + spare)) return Error::no_memory;
    if (auto result = cut(range.first); !result) return result;
    return cut(range.end);
}

void tell_written(const Region& region) {
    if (!region.shared || region.content->written == nullptr) return;
    bool written = false;
    {
        Changes changes;
        each_entry(region.first, region.end, [&](const auto& table, unsigned i, std::uint64_t entry, std::uint64_t) {
            if ((entry & page_table::dirty) == 0) return;
            written = true;
            changes.set(table, i, entry & ~page_table::dirty);
        });
    }
    if (written) region.content->written(*region.content);
}

/// Takes the pages away. What a region was promised for them is promised again, if `again`.
void clear(const Region& region, std::uint64_t first, std::uint64_t end, bool again) {
    std::uint64_t given_back = 0;
    {
        Changes changes;
        each_entry(first, end, [&](const auto& table, unsigned i, std::uint64_t entry, std::uint64_t) {
            if (is_own(entry)) {
                ++given_back;
                changes.give_back(table, i);
            } else {
                changes.set(table, i, 0);
            }
        });
    }
    if (!region.promised) return;
    if (!again)
        frames::unpromise(((end - first) >> page_shift) - given_back);
    else
        frames::promise_again(given_back);
}

void remove(std::size_t i) {
    tell_written(region_map[i]);
    const Region region = region_map[i];
    clear(region, region.first, region.end, false);
    frames::unpromise(region.tables);
    region_map.erase(i);
    forget_one(region.content);
}

Result<void> remove_range(const Range& range) {
    if (auto result = isolate(range); !result) return result;
    for (std::size_t i = region_map.first_above(range.first); i < region_map.size() && region_map[i].first < range.end;
         i = region_map.first_above(range.first))
        remove(i);
    return {};
}

bool may_be_written_privately(const Region& region) {
    return !region.shared && region.protection == Protection::read_write;
}
/// Copied on touch, even where it is only read.
bool is_copied(const Region& region) { return region.content != nullptr && !region.content->in_pages_of_its_own; }

/// Promises a region its frames and tables.
bool promise(Region& region) {
    const std::uint64_t tables = missing_tables(region.first, region.end);
    // Where frames must be mapped before they can be tables, that takes tables too.
    const std::uint64_t more =
        tables != 0 && frames::initial_pages() < total_pages() ? tables / page_table::entries + 3 : 0;
    const std::uint64_t wanted = tables > region.tables ? tables + more - region.tables : 0;
    if (!frames::promise(region.pages() + wanted)) return false;
    region.tables += wanted;
    region.promised = true;
    return true;
}

void show_protection(const Region& region) {
    Changes changes;
    each_entry(region.first, region.end, [&](const auto& table, unsigned i, std::uint64_t entry, std::uint64_t) {
        if (is_own(entry)) {
            changes.set(table, i, own_entry(frame_of(entry), region.protection));
        } else if (region.protection == Protection::none ||
                   (region.shared && region.protection == Protection::read_write)) {
            changes.set(table, i, 0); // comes again as it should be
        } else if (region.protection == Protection::read) {
            changes.set(table, i, entry & ~page_table::writable);
        }
    });
}

/// Changes [first, end), which are whole regions; the ones done stay changed when one cannot be promised its pages.
Result<void> protect_regions(const Range& range, Protection protection) {
    for (std::size_t i = region_map.first_above(range.first); i < region_map.size() && region_map[i].first < range.end;
         ++i) {
        Region& region = region_map[i];
        if (region.protection == protection) continue;
        const Protection before = region.protection;
        if (protection == Protection::none) tell_written(region);
        region.protection = protection;
        if (may_be_written_privately(region) && !region.promised && !region.lazy && !promise(region)) {
            region.protection = before;
            return Error::no_memory;
        }
        show_protection(region);
    }
    return {};
}

bool any_never_written(const Range& range) {
    for (std::size_t i = region_map.first_above(range.first); i < region_map.size() && region_map[i].first < range.end;
         ++i)
        if (region_map[i].never_written) return true;
    return false;
}

} // namespace

Result<void*> map_within(const Request& request, std::uint64_t from, std::uint64_t to, std::uint64_t first_choice) {
    Range range{};
    if (!range_of(request.address, request.size, range) || request.offset % page_size != 0) return Error::invalid;
    const bool fits = range.first >= from && range.end <= to;
    switch (request.placement) {
    case Placement::anywhere:
        if (request.address == nullptr || !fits || !region_map.is_free(range.first, range.end)) {
            const std::uint64_t size = range.end - range.first;
            range.first = region_map.gap(size, first_choice, to);
            if (range.first == 0) range.first = region_map.gap(size, from, to);
            if (range.first == 0) return Error::no_memory;
            range.end = range.first + size;
        }
        break;
    case Placement::if_free:
        if (!fits) return Error::no_memory;
        if (!region_map.is_free(range.first, range.end)) return Error::exists;
        break;
    case Placement::replacing:
        if (!fits) return Error::no_memory;
        if (auto result = remove_range(range); !result) return result.error();
        break;
    }
    // In the place of others there is room for one record, or nothing was there and nothing has changed yet.
    const std::size_t spare = request.placement == Placement::replacing ? 0 : spare_records;
    if (!region_map.make_room(1 + spare)) return Error::no_memory;
    Region region{.first = range.first,
                  .end = range.end,
                  .content = request.content,
                  .offset = request.offset,
                  .protection = request.protection,
                  .shared = request.shared,
                  .lazy = request.lazy,
                  .never_written = request.never_written};
    const bool needs_promise =
        !region.lazy && !region.shared && (may_be_written_privately(region) || is_copied(region));
    if (needs_promise && !promise(region) && !(heap_release_end() && promise(region))) return Error::no_memory;
    if (region.content != nullptr) ++region.content->regions;
    (void)region_map.insert(region);
    merge(range.first, range.end);
    return reinterpret_cast<void*>(range.first);
}

Result<void*> map(const Request& request) {
    return map_within(request, layout::mapping_begin, layout::mapping_end, layout::first_mapping());
}

Result<void> remove_within(void* first, std::size_t size) {
    Range range{};
    if (!range_of(first, size, range)) return Error::invalid;
    return remove_range(range);
}

Result<void> unmap(void* first, std::size_t size) {
    Range range{};
    if (!range_of(first, size, range) || range.first < layout::mapping_begin || range.end > layout::mapping_end)
        return Error::invalid;
    return remove_range(range);
}

Result<void> protect(void* first, std::size_t size, Protection protection) {
    Range range{};
    if (!range_of(first, size, range)) return Error::invalid;
    if (!covered(range)) return Error::no_memory;
    if (protection == Protection::read_write && any_never_written(range)) return Error::access;
    if (auto result = isolate(range, spare_records); !result) return result;
    auto result = protect_regions(range, protection);
    if (!result && heap_release_end()) result = protect_regions(range, protection);
    merge(range.first, range.end);
    return result;
}

Result<void> discard(void* first, std::size_t size) {
    Range range{};
    if (!range_of(first, size, range)) return Error::invalid;
    if (!covered(range)) return Error::no_memory;
    for (std::size_t i = region_map.first_above(range.first); i < region_map.size() && region_map[i].first < range.end;
         ++i) {
        const Region region = region_map[i];
        tell_written(region_map[i]);
        clear(region, region.first > range.first ? region.first : range.first,
              region.end < range.end ? region.end : range.end, true);
    }
    return {};
}

Result<void> populate(void* first, std::size_t size) {
    const auto begin = reinterpret_cast<std::uint64_t>(first);
    for (std::uint64_t at = begin; at < begin + size; at = (at & ~(page_size - 1)) + page_size) {
        if (resolve(at, true)) continue;
        const std::uint64_t entry = page_table::entry_of(reinterpret_cast<void*>(at));
        if (is_present(entry) && (entry & page_table::writable) != 0) continue; // the image's, or the page allocator's
        const std::size_t i = region_map.find(at);
        return i != RegionMap::none && region_map[i].protection == Protection::read_write ? Error::no_memory
                                                                                          : Error::access;
    }
    return {};
}

Result<void> synchronize(void* first, std::size_t size) {
    Range range{};
    if (!range_of(first, size, range)) return Error::invalid;
    if (!covered(range)) return Error::no_memory;
    for (std::size_t i = region_map.first_above(range.first); i < region_map.size() && region_map[i].first < range.end;
         ++i)
        tell_written(region_map[i]);
    return {};
}

void forget(Content& content, std::uint64_t offset) {
    for (std::size_t i = 0; i < region_map.size(); ++i) {
        const Region& region = region_map[i];
        if (region.content != &content || region.offset_of(region.end) <= offset) continue;
        tell_written(region);
        const std::uint64_t first = offset > region.offset ? region.first + (offset - region.offset) : region.first;
        Changes changes;
        each_entry(first, region.end, [&](const auto& table, unsigned entry_index, std::uint64_t entry, std::uint64_t) {
            if (!is_own(entry)) changes.set(table, entry_index, 0);
        });
    }
}

bool covers(const void* first, std::size_t size) {
    Range range{};
    return range_of(first, size, range) && covered(range);
}

} // namespace minios::regions
