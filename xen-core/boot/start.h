// SPDX-License-Identifier: MIT
// The steps of the start, in the order in which main.cpp takes them. Boot CPU only, but where it says otherwise. A step
// that cannot be done ends in cannot_start(), which says why.
#pragma once

#define CPU_START_ADDRESS 0x8000 // real-mode code of starting CPUs: page-aligned RAM on every PC
#define CPU_START_SIZE 64        // bytes
#define CPU_START_PAGE (CPU_START_ADDRESS >> 12)

#ifndef __ASSEMBLER__
#include "arch/x86_64/layout.h"
#include "arch/x86_64/memory_map.h"
#include "arch/x86_64/tlb.h"
#include "boot/fields.h"
#include "boot/options.h"

namespace skerry {

// One line on the console and the end, for what a person has to change: too little memory, a missing feature.
[[noreturn, gnu::format(printf, 1, 2)]] void cannot_start(const char* format, ...);

// --- boot_information.cpp: what the boot loader says, multiboot 1 or 2, copied out of its structures (whose memory is then free to be used):
// command line, memory map, modules, ACPI root pointer. References: the Multiboot specification 0.6.96, the Multiboot2
// specification 2.0.

inline constexpr size_t max_modules = 64;

// What the loader loaded beside xen-core. Module 0 is the first domain's kernel. The frames stay reserved (not the
// allocator's) until the first domain has its copies.
struct BootModule {
    MachAddr start;           // page-aligned
    uint64_t size;            // bytes, not 0
    const char* command_line; // as the loader gave it, a leading file name included
    const char* arguments;    // the same after the file name

    Bytes bytes() const { return {to_pointer<const uint8_t>(start), size}; }
    Mfn first_frame() const { return frame_of(start); }
    uint64_t frame_count() const { return pages_for(size); }
};

struct BootInformation {
    const char* loader_name = "an unnamed boot loader";
    const char* command_line = ""; // without the image's own name
    std::span<const MemoryRegion> memory;
    size_t memory_dropped = 0; // regions that did not fit
    std::span<const BootModule> modules;
    Bytes rsdp; // empty: the loader passed none
};

inline constinit BootInformation boot_information;

// Fills boot_information. A one-line reason when the loader's information is unusable, else nullptr.
const char* read_boot_information(uint32_t magic, uint32_t address);

// --- memory_start.cpp: from the firmware's memory map to xen-core's own address space (arch/x86_64/layout.h: image by
// sections, direct map, frame table, machine-to-physical table, stacks) and memory/'s allocator. Nothing is both
// writable and executable afterwards.

// What is RAM and not taken: not the first MiB, not the image, not the modules.
void reserve_boot_memory();
// After that: is every frame from `first` to `last` plain RAM by the memory map? (Not: free, or in the frame table.)
bool is_ram_by_map(Mfn first, Mfn last);
// From the static tables of boot/start.S to the real ones, and loads them.
void build_address_space();
// Maps the stack region of a CPU: fresh pages, or (CPU 0) the static stack that it stands on.
void map_cpu_stack(CpuId cpu);
// The initial stack pointer on a CPU's stack: below its CpuLocal.
uint64_t initial_stack(CpuId cpu);
// Leaves the present stack for good.
extern "C" [[noreturn]] void continue_on_stack(uint64_t rsp, void (*next)());
// Backs the frame table and the machine-to-physical table for all RAM; all that is left goes to the allocator.
void start_memory();

// --- acpi.cpp: finds ACPI's tables and takes from them what xen-core needs: CPUs, interrupt controllers, reference
// clocks, the way to power off and reboot. Everything else of ACPI is the first domain's.

struct MachineDescription {
    MachAddr local_apic{0xfee00000};
    uint32_t cpu_count = 0;                         // usable CPUs in the MADT
    std::pair<uint32_t, uint32_t> cpus[max_cpus]{}; // the APIC's number and ACPI's
    bool has_madt = false;
};
inline constinit MachineDescription machine;

// Fills `machine`, clock_sources (arch/x86_64/time.h), power_control; registers IO-APICs and overrides. Without tables
// there is one CPU, no IO-APIC, and the PIT as a clock: said in the log.
void read_acpi();

// --- first_domain.cpp: module 0, a plain PV ELF, gets the machine's memory that is asked for, every right, and the
// remaining modules ---

// The domain runs when this CPU enters the scheduler.
void construct_first_domain(std::span<const BootModule> modules, const Options& options);

} // namespace skerry
#endif
