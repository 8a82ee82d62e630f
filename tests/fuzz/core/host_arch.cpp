// SPDX-License-Identifier: MIT
// What xen-core/arch does with a real machine, for one that is not there: descriptor windows are counted, interrupt
// lines are remembered, the console swallows what it gets.
#include "host_arch.h"

#include "arch/x86_64/console.h"
#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/descriptor_windows.h"
#include "arch/x86_64/interrupts.h"
#include "arch/x86_64/machine_power.h"
#include "arch/x86_64/memory_map.h"
#include "arch/x86_64/tlb.h"

#include <bitset>
#include <cstdlib>

namespace skerry {
namespace {

constexpr uint32_t most_windows = 256;
std::bitset<most_windows> windows_in_use;
std::bitset<32> window_pages[most_windows];

constexpr uint32_t lines = 24;
InterruptSink* sinks[lines];

void must(bool holds) {
    if (!holds) abort();
}

} // namespace

// --- descriptor windows: who maps a page must have the window, and gives it back without any ---

uint32_t host_windows_in_use() { return static_cast<uint32_t>(windows_in_use.count()); }

Result<uint32_t> allocate_window() {
    for (uint32_t i = 1; i < most_windows; ++i) {
        if (windows_in_use[i]) continue;
        windows_in_use[i] = true;
        return i;
    }
    return Error::no_space;
}
void free_window(uint32_t window) {
    must(windows_in_use[window] && window_pages[window].none());
    windows_in_use[window] = false;
}
void map_window_page(uint32_t window, unsigned page, Mfn) {
    must(windows_in_use[window]);
    window_pages[window][page] = true;
}
void unmap_window_page(uint32_t window, unsigned page) { window_pages[window][page] = false; }
void forget_window_page(uint32_t, unsigned) {}
void load_window_gdt(uint32_t) {}
void load_window_ldt(CpuId, uint32_t, unsigned) {}

// --- interrupts ---

void host_interrupt(uint32_t gsi) {
    if (gsi < lines && sinks[gsi]) sinks[gsi]->interrupt(gsi);
}
void dispatch_interrupt(uint8_t) {}
uint32_t interrupt_line_count() { return lines; }
Status configure_line(uint32_t gsi, LineConfig) { return gsi < lines ? success : Status(Error::invalid); }
Status route_line(uint32_t gsi, InterruptSink& sink, CpuId) {
    if (gsi >= lines) return Error::invalid;
    if (sinks[gsi]) return Error::busy;
    sinks[gsi] = &sink;
    return success;
}
void unroute_line(uint32_t gsi) { sinks[gsi] = nullptr; }
void end_of_interrupt(uint32_t) {}
bool line_needs_eoi(uint32_t gsi) { return gsi >= 16; }
void retarget_line(uint32_t, CpuId) {}
Result<uint32_t> ioapic_read(MachAddr, uint32_t) { return Error::invalid; }
Result<uint32_t> ioapic_line(MachAddr, uint32_t) { return Error::invalid; }

// --- the rest ---

void raise_work(CpuId, PendingWork work) {
    cpu_local().pending_work.fetch_or(static_cast<uint32_t>(work), std::memory_order_release);
}
void distrust_translations() {}
void flush_tlb_local() {}
void invlpg_local(GuestVirt) {}
void flush_page(const CpuSet&, GuestVirt) {}
void flush_caches(const CpuSet&) {}
void serve_flush_requests() {}
Pte* core_entry(uint64_t, unsigned) { return nullptr; }

extern "C" void run_guest(RegisterFrame*) { abort(); }

// No domain that has the right to is asked to use it (core_fuzz.cpp), and there is no first domain.
void power_off() { abort(); }
void reboot() { abort(); }

void console_write(const char*, size_t) {}
size_t console_read(char*, size_t) { return 0; }
void enable_console_input(void (*)()) {}
size_t read_console_ring(uint64_t&, char*, size_t) { return 0; }
void clear_console_ring() {}
void announce_output() {}
void release_uart() {}
uint16_t uart_port() { return 0; }

const char* platform_command_line() { return "fuzz"; }
std::span<const MemoryRegion> machine_memory_map() {
    static constexpr MemoryRegion map[] = {{0, 0x100000, MemoryKind::ram}, {0x100000, 0x10000, MemoryKind::reserved}};
    return map;
}

} // namespace skerry
