// SPDX-License-Identifier: MIT
#include "layout.h"

namespace skerry::start_in_place {
namespace {

constexpr std::uint64_t padding_pages = 512 * 1024 / page_bytes;
constexpr std::uint64_t region_alignment = std::uint64_t{4} << 20;
constexpr std::uint64_t hypervisor_first_slot = 256,
                        hypervisor_last_slot = 271; // top-level entries that belong to Xen (arch-x86/xen-x86_64.h)
constexpr std::uint64_t p2m_entry_bytes = 8;

constexpr std::uint64_t slot(std::uint64_t address) { return table_number(address, 3); }

/// Whether a guest may map all of [first, last].
bool guest_may_map(std::uint64_t first, std::uint64_t last) {
    return first <= last && (first ^ last) >> 63 == 0 &&
           (slot(last) < hypervisor_first_slot || slot(first) > hypervisor_last_slot);
}

/// Hands out consecutive frames.
class Frames {
  public:
    explicit Frames(std::uint64_t first) : next_(first) {}
    Region take(std::uint64_t count) {
        const Region region{next_, count};
        next_ += count;
        return region;
    }
    std::uint64_t next() const { return next_; }
    void skip_to(std::uint64_t frame) { next_ = frame; }

  private:
    std::uint64_t next_;
};

Failure too_small(std::uint64_t frames) {
    return Failure{"this domain has too little memory for its kernel and ramdisk, which need at least KiB",
                   frames * (page_bytes / 1024)};
}

/// Page tables, stack and padding that follow `frames.next()`; the tables have to map themselves.
Result<void> place_tables(Layout& layout, Frames& frames, std::uint64_t limit) {
    constexpr std::uint64_t stack_pages = 1, extra = stack_pages + padding_pages;
    std::uint64_t pages = extra;
    for (;;) {
        const std::uint64_t first_unaligned = layout.address_of(frames.next() + pages);
        const std::uint64_t last = first_unaligned | (region_alignment - 1);
        if (frames.next() + pages > limit) return too_small(frames.next() + pages);
        if (!guest_may_map(layout.virt_base, last))
            return Failure{
                "kernel and ramdisk do not fit between the kernel's base and the end of its address space; base",
                layout.virt_base};
        layout.counts = count_tables(layout.virt_base, last);
        layout.mapped_pages = (last - layout.virt_base) / page_bytes + 1;
        pages = layout.counts.total() + extra;
        if (frames.next() + pages <= layout.mapped_pages) break;
    }
    layout.tables = frames.take(layout.counts.total());
    layout.stack = frames.take(stack_pages);
    layout.hand_over = Region{frames.next(), 1};
    frames.skip_to(layout.mapped_pages);
    return {};
}

/// The p2m list at an address of its own, and the tables that this takes beyond those of the kernel's region.
Result<void> place_p2m_apart(Layout& layout, Frames& frames, std::uint64_t pages) {
    const std::uint64_t last = layout.p2m_address + pages * page_bytes - 1;
    const std::uint64_t region_last = layout.address_of(layout.mapped_pages) - 1;
    if (!guest_may_map(layout.p2m_address, last) || (last >= layout.virt_base && layout.p2m_address <= region_last))
        return Failure{"Xen note INIT_P2M: the p2m list cannot be mapped at", layout.p2m_address};
    layout.p2m = frames.take(pages);
    layout.p2m_counts = TableCounts();
    for (unsigned level = 1; level < 4; ++level)
        for (std::uint64_t number = table_number(layout.p2m_address, level); number <= table_number(last, level);
             ++number)
            if (number < table_number(layout.virt_base, level) || number > table_number(region_last, level))
                ++layout.p2m_counts.level[level];
    layout.p2m_tables = frames.take(layout.p2m_counts.total());
    return {};
}

} // namespace

TableCounts count_tables(std::uint64_t first, std::uint64_t last) {
    TableCounts counts;
    for (unsigned level = 1; level <= 4; ++level)
        counts.level[level] = table_number(last, level) - table_number(first, level) + 1;
    return counts;
}

Result<Layout> Layout::plan(const Kernel& kernel, const LayoutRequest& request) {
    Layout layout;
    const std::uint64_t limit = request.total_pages;
    const std::uint64_t ramdisk_pages = pages_of(request.ramdisk_bytes);
    const std::uint64_t p2m_pages = pages_of(limit * p2m_entry_bytes);
    layout.virt_base = kernel.virt_base;
    layout.kernel.first = (kernel.virt_start - kernel.virt_base) / page_bytes;
    layout.kernel.count = pages_of(kernel.virt_end - kernel.virt_base) - layout.kernel.first;
    layout.ramdisk_mapped = ramdisk_pages != 0 && !kernel.ramdisk_by_frame;
    if (layout.kernel.end() > limit || ramdisk_pages > limit || layout.kernel.end() + ramdisk_pages + p2m_pages > limit)
        return too_small(layout.kernel.end() + ramdisk_pages + p2m_pages);

    Frames frames(layout.kernel.end());
    if (layout.ramdisk_mapped) layout.ramdisk = frames.take(ramdisk_pages);
    if (!kernel.p2m_base) {
        layout.p2m = frames.take(p2m_pages);
        layout.p2m_address = layout.address_of(layout.p2m.first);
    }
    layout.start_info = frames.take(1);
    if (request.store) layout.store = frames.take(1);
    if (request.console) layout.console = frames.take(1);
    if (Result<void> placed = place_tables(layout, frames, limit); !placed) return placed.failure();
    if (ramdisk_pages != 0 && !layout.ramdisk_mapped) layout.ramdisk = frames.take(ramdisk_pages);
    if (kernel.p2m_base) {
        layout.p2m_address = *kernel.p2m_base;
        if (Result<void> placed = place_p2m_apart(layout, frames, p2m_pages); !placed) return placed.failure();
    }
    layout.end = frames.next();
    if (layout.end > limit) return too_small(layout.end);
    return layout;
}

} // namespace skerry::start_in_place
