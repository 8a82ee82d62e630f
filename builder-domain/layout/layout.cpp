// SPDX-License-Identifier: MIT
#include "builder-domain/layout/layout.h"

#include <algorithm>

namespace skerry::builder {
namespace {

constexpr uint64_t region_alignment = uint64_t{4} << 20; // xen/xen.h: the region ends at a multiple of 4 MiB
constexpr uint64_t room_behind = uint64_t{512} << 10;    // and has this much room behind its last element
constexpr uint64_t largest_image = uint64_t{1} << 30;    // behind virt_base; a kernel linked further up is refused

// Where no guest may map anything: it belongs to the hypervisor (xen/arch-x86/xen-x86_64.h).
constexpr uint64_t hypervisor_begin = 0xffff'8000'0000'0000;
constexpr uint64_t hypervisor_end = 0xffff'8800'0000'0000;

uint64_t pages_for(uint64_t bytes) { return (bytes + page_size - 1) / page_size; }

bool is_usable(uint64_t begin, uint64_t end) {
    if (end <= begin) return false;
    bool low = end <= uint64_t{1} << 47;
    bool high = begin >= hypervisor_end;
    static_assert(hypervisor_begin < hypervisor_end);
    return low || high;
}

class Planner {
  public:
    Planner(const PvImage& image, uint64_t total_pages, uint64_t module_bytes, uint64_t channels) : image_(image) {
        layout_.channels.count = channels;
        layout_.virt_base = image.virt_base;
        layout_.total_pages = total_pages;
        layout_.module_bytes = module_bytes;
        layout_.module_mapped = !image.module_as_pages;
    }

    Result<Layout> plan();

  private:
    PageRun take(uint64_t pages) {
        PageRun run{next_, pages};
        next_ += pages;
        return run;
    }
    Status plan_region();
    Status plan_tables();
    Status plan_p2m_behind();

    const PvImage& image_;
    Layout layout_;
    uint64_t next_ = 0; // the first page not yet given a use
};

Result<Layout> Planner::plan() {
    if (image_.end_address - image_.virt_base > largest_image)
        return Failure() << "its image ends more than 1 GiB above its virtual base";
    uint64_t first = (image_.first_address - image_.virt_base) / page_size;
    layout_.image = {first, pages_for(image_.end_address - image_.virt_base) - first};
    next_ = layout_.image.end();

    BUILDER_TRY(plan_region());
    BUILDER_TRY(plan_tables());
    uint64_t region_end = (layout_.virt_end - layout_.virt_base) / page_size;
    uint64_t needed = next_;
    if (layout_.module_bytes != 0 && !layout_.module_mapped) {
        // Behind the room that the guest may count on: the module need not be mapped, but it may be.
        next_ += room_behind / page_size;
        layout_.module = take(pages_for(layout_.module_bytes));
        needed = next_;
    }
    if (image_.p2m_address) {
        next_ = std::max(next_, region_end);
        BUILDER_TRY(plan_p2m_behind());
        needed = next_;
    }
    if (needed > layout_.total_pages)
        return Failure() << "it needs at least " << needed * 4 << "K of memory, has " << layout_.total_pages * 4 << "K";
    return layout_;
}

Status Planner::plan_region() {
    if (layout_.module_bytes > layout_.total_pages * page_size)
        return Failure() << "its module of " << layout_.module_bytes / 1024 << "K does not fit its memory of "
                         << layout_.total_pages * 4 << "K";
    if (layout_.module_mapped) layout_.module = take(pages_for(layout_.module_bytes));
    if (!image_.p2m_address) {
        layout_.p2m = take(pages_for(layout_.total_pages * sizeof(uint64_t)));
        layout_.p2m_address = layout_.address_of(layout_.p2m.first);
    }
    layout_.start_info = take(1).first;
    layout_.store = take(1).first;
    layout_.console = take(1).first;
    layout_.channels = take(layout_.channels.count);
    return {};
}

// The tables lie in the region that they map, so its end and their number depend on each other: grow until they agree.
Status Planner::plan_tables() {
    uint64_t tables = 0;
    for (;;) {
        uint64_t last_use = layout_.address_of(next_ + tables + 1); // the stack is one page
        uint64_t end = (last_use + room_behind + region_alignment - 1) & ~(region_alignment - 1);
        if (!is_usable(layout_.virt_base, end))
            return Failure() << "its region at virtual base " << Hex{layout_.virt_base}
                             << " reaches where no guest may map memory";
        // Where the region is larger than the domain, there is nothing to map.
        uint64_t mapped = std::min((end - layout_.virt_base) / page_size, layout_.total_pages);
        layout_.tables = TableArea(layout_.virt_base, layout_.address_of(mapped), next_);
        layout_.virt_end = end;
        if (layout_.tables.pages() == tables) break;
        tables = layout_.tables.pages();
    }
    take(tables);
    layout_.stack = take(1).first;
    return {};
}

Status Planner::plan_p2m_behind() {
    layout_.p2m_address = *image_.p2m_address;
    layout_.p2m = take(pages_for(layout_.total_pages * sizeof(uint64_t)));
    uint64_t end = layout_.p2m_address + layout_.p2m.count * page_size;
    bool apart = end <= layout_.virt_base || layout_.p2m_address >= layout_.virt_end;
    if (layout_.p2m_address % page_size != 0 || !is_usable(layout_.p2m_address, end) || !apart)
        return Failure() << "it wants its p2m list at " << Hex{layout_.p2m_address} << ", which is not possible";
    layout_.p2m_tables = TableArea(layout_.p2m_address, end, next_, &layout_.tables);
    take(layout_.p2m_tables.pages());
    return {};
}

} // namespace

Result<Layout> plan_layout(const PvImage& image, uint64_t total_pages, uint64_t module_bytes, uint64_t channels) {
    return Planner(image, total_pages, module_bytes, channels).plan();
}

} // namespace skerry::builder
