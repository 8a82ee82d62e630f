// SPDX-License-Identifier: MIT
#include "arch/x86_64/descriptor_windows.h"

#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/segments.h"
#include "arch/x86_64/tlb.h"
#include "base/log.h"

namespace skerry {
namespace {

std::atomic<uint64_t> windows_in_use[window_limit / 64];

// Pages 14 and 15 of every GDT.
struct alignas(page_size) ReservedPages {
    uint64_t descriptors[page_size / 8];
    uint64_t per_cpu[max_cpus][2];
};
static_assert(sizeof(ReservedPages) == 2 * page_size);
ReservedPages reserved;
alignas(page_size) const uint64_t zero_page[page_size / 8] = {};

constexpr uint64_t window_data = pte::present | pte::writable | pte::accessed | pte::dirty | pte::no_execute;
constexpr uint64_t window_zeros = pte::present | pte::accessed | pte::no_execute;

Mfn image_frame(const void* address) { return frame_of(layout::image_address(address)); }

uint64_t page_address(uint32_t window, unsigned page) { return layout::vcpu_window(window) + page * page_size; }

// The tables exist since allocate_window().
void write_entry(uint32_t window, unsigned page, Pte value) {
    Pte* entry = core_l1_entry(page_address(window, page));
    ASSERT(entry);
    __atomic_store_n(&entry->raw, value.raw, __ATOMIC_RELEASE);
}

Status prepare_window(uint32_t window) {
    // All 32 entries of a window are in one L1 table.
    static_assert(layout::vcpu_window_size * 16 == level_size(2));
    if (!core_l1_entry(layout::vcpu_window(window))) return Error::no_memory;
    for (unsigned page = 0; page < window_ldt_first_page + window_ldt_pages; ++page) unmap_window_page(window, page);
    map_window_page(window, 14, image_frame(&reserved));
    map_window_page(window, 15, image_frame(reserved.per_cpu));
    return success;
}

// Returns the selector. Each CPU has one place: for its TSS at start-up, then for its LDT.
uint16_t place_system_descriptor(CpuId cpu, uint64_t type, uint64_t base, uint32_t limit) {
    reserved.per_cpu[cpu.value][0] = descriptor::system_low(type, base, limit);
    reserved.per_cpu[cpu.value][1] = descriptor::system_high(base);
    return static_cast<uint16_t>(selector::per_cpu_system + cpu.value * 16);
}

} // namespace

void set_up_descriptor_windows() {
    auto place = [](uint16_t selector, uint64_t value) { reserved.descriptors[(selector & 0xfff) / 8] = value; };
    place(selector::core_code, descriptor::core_code64);
    place(selector::core_data, descriptor::core_data);
    place(selector::ring3_code32, descriptor::guest_code32);
    place(selector::ring3_data, descriptor::guest_data);
    place(selector::ring3_code64, descriptor::guest_code64);
    windows_in_use[0] = 1;
    if (!prepare_window(0).ok()) panic("no memory for xen-core's own descriptor tables");
}

Result<uint32_t> allocate_window() {
    for (uint32_t i = 0; i < window_limit / 64; ++i) {
        uint64_t word = windows_in_use[i].load(std::memory_order_relaxed);
        while (~word) {
            uint64_t bit = ~word & (word + 1);
            if (!windows_in_use[i].compare_exchange_weak(word, word | bit, std::memory_order_acq_rel)) continue;
            uint32_t window = i * 64 + static_cast<uint32_t>(__builtin_ctzll(bit));
            if (prepare_window(window).ok()) return window;
            windows_in_use[i].fetch_and(~bit);
            return Error::no_memory;
        }
    }
    return Error::no_space;
}

void free_window(uint32_t window) {
    windows_in_use[window / 64].fetch_and(~(uint64_t{1} << (window % 64)), std::memory_order_release);
}

void map_window_page(uint32_t window, unsigned page, Mfn mfn) { write_entry(window, page, Pte(mfn, window_data)); }

void unmap_window_page(uint32_t window, unsigned page) {
    write_entry(window, page, page < window_gdt_guest_pages ? Pte(image_frame(zero_page), window_zeros) : Pte());
}

void forget_window_page(uint32_t window, unsigned page) { invlpg_local(GuestVirt(page_address(window, page))); }

void load_window_gdt(uint32_t window) {
    load_gdt(DescriptorTableRegister{.limit = 0xffff, .base = layout::vcpu_window(window)});
}

void load_window_ldt(CpuId cpu, uint32_t window, unsigned entries) {
    if (!entries) return load_ldt(0);
    uint64_t ldt = layout::vcpu_window(window) + layout::vcpu_window_ldt_offset;
    load_ldt(place_system_descriptor(cpu, descriptor::type_ldt, ldt, entries * 8 - 1));
}

void load_task_state(CpuId cpu, const void* task_state) {
    auto base = reinterpret_cast<uint64_t>(task_state);
    load_task_register(place_system_descriptor(cpu, descriptor::type_available_tss, base, 103));
}

} // namespace skerry
