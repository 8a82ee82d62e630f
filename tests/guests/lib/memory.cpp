// SPDX-License-Identifier: MIT
#include "lib/memory.h"

#include "lib/guest.h"

extern "C" char virt_base[], image_start[], image_end[];

namespace skerry::guest {

static const unsigned long* const machine_to_physical = reinterpret_cast<const unsigned long*>(MACH2PHYS_VIRT_START);
static constexpr unsigned remembered_pfns = 8192;
static Mfn physical_to_machine[remembered_pfns]; // a copy: the original may lie where a peer has none
static constexpr unsigned long window_offset = 0x20000000;

alignas(4096) static uint8_t pool[pool_pages][4096];
static uint8_t in_use[pool_pages];

void* alloc_pages(unsigned count) {
    for (unsigned first = 0; first + count <= pool_pages; first++) {
        unsigned run = 0;
        while (run < count && in_use[first + run] == 0) run++;
        if (run < count) continue;
        for (unsigned i = 0; i < count; i++) in_use[first + i] = 1;
        memset(pool[first], 0, count * 4096UL);
        return pool[first];
    }
    print("verdict: broken the guest's pool of pages is empty\n");
    shutdown(SHUTDOWN_crash);
}
void* alloc_page() { return alloc_pages(1); }
void free_page(void* page) { in_use[(static_cast<uint8_t*>(page) - pool[0]) / 4096] = 0; }

Mfn pfn_to_mfn(uint64_t pfn) {
    if (pfn < remembered_pfns && physical_to_machine[pfn] != 0) return physical_to_machine[pfn];
    return reinterpret_cast<const unsigned long*>(boot_info.mfn_list)[pfn];
}
void set_pfn_mfn(uint64_t pfn, Mfn mfn) { physical_to_machine[pfn] = mfn; }
Mfn* physical_to_machine_slot(uint64_t pfn) { return &physical_to_machine[pfn]; }
uint64_t pfn_of(const void* at) { return static_cast<uint64_t>(static_cast<const char*>(at) - virt_base) >> 12; }
Mfn mfn_of(const void* at) { return pfn_to_mfn(pfn_of(at)); }
uint64_t machine_of(const void* at) { return mfn_of(at) << 12 | (reinterpret_cast<uint64_t>(at) & 4095); }
uint64_t mfn_to_pfn(Mfn mfn) { return machine_to_physical[mfn]; }
void* virt_of(Mfn mfn) { return virt_base + (mfn_to_pfn(mfn) << 12); }

uint64_t* top_table() { return reinterpret_cast<uint64_t*>(boot_info.pt_base); }

uint64_t* level_entry(const void* at, unsigned level) {
    uint64_t* table = top_table();
    for (unsigned current = 4;; current--) {
        uint64_t* slot = &table[reinterpret_cast<uint64_t>(at) >> (12 + 9 * (current - 1)) & 511];
        if (current == level) return slot;
        if ((*slot & pte_present) == 0) return nullptr;
        table = static_cast<uint64_t*>(virt_of(entry_mfn(*slot)));
    }
}

long update(uint64_t pointer, uint64_t value, unsigned dom) {
    mmu_update_t request{pointer, value};
    unsigned done = 0;
    const long result = hypercall(__HYPERVISOR_mmu_update, &request, 1, &done, dom);
    return result;
}
long set_mapping(const void* at, uint64_t value, unsigned long flags) {
    return hypercall(__HYPERVISOR_update_va_mapping, at, value, flags);
}
long set_mapping_of(const void* at, uint64_t value, unsigned dom, unsigned long flags) {
    return hypercall(__HYPERVISOR_update_va_mapping_otherdomain, at, value, flags, dom);
}
long mmuext(unsigned command, uint64_t first, uint64_t second, unsigned dom) {
    mmuext_op call{};
    call.cmd = command;
    call.arg1.mfn = first;
    call.arg2.src_mfn = second;
    return hypercall(__HYPERVISOR_mmuext_op, &call, 1, nullptr, dom);
}
long make_readonly(void* page) { return set_mapping(page, entry(mfn_of(page), page_flags & ~pte_write)); }
long make_writable(void* page) { return set_mapping(page, entry(mfn_of(page), page_flags)); }
long unmap(void* page) { return set_mapping(page, 0); }

void* image_base() { return image_start; }
void* window(unsigned index) { return virt_base + window_offset + index * 4096UL; }

long window_map(unsigned index, uint64_t value, unsigned dom) {
    uint64_t* slot = level_entry(window(index), 2);
    if ((*slot & pte_present) == 0) {
        void* table = alloc_page();
        if (const long result = make_readonly(table); result != 0) return result;
        if (const long result = set_entry(slot, entry(mfn_of(table), table_flags)); result != 0) return result;
    }
    return set_mapping_of(window(index), value, dom);
}
long window_unmap(unsigned index) { return set_mapping(window(index), 0); }

void memory_start() {
    for (uint64_t pfn = 0; pfn < pfn_of(image_end) && pfn < remembered_pfns; pfn++) {
        physical_to_machine[pfn] = reinterpret_cast<const unsigned long*>(boot_info.mfn_list)[pfn];
    }
}

} // namespace skerry::guest
