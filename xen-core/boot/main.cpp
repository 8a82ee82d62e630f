// SPDX-License-Identifier: MIT
// The start of the machine, from the boot loader to the first domain. docs/boot.md tells the same at more length.
#include "arch/x86_64/apic.h"
#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/machine_power.h"
#include "boot/start.h"
#include "traps/entry.h"

// boot/start.S has the code and reads how to go on.
extern "C" {
extern const uint8_t cpu_start_code[];
struct {
    uint64_t cr3, stack;
    void (*function)();
} cpu_start;
}

namespace skerry {
namespace {

// What every CPU does to itself before it may run guests.
void set_up_this_cpu() {
    set_up_cpu_features();
    set_up_cpu_entry();
    init_machine_check();
}

// --- the other CPUs ---

// The CPU that is on its way, and how far it is.
CpuId starting_cpu;
enum class Progress { none, arrived, up };
std::atomic<Progress> progress;

constexpr unsigned most_waits = 10'000; // of 200 us: an emulated CPU on a busy host is slow to come

// The first code of a new CPU in C++, on its own stack and the real page tables.
[[noreturn]] void start_this_cpu() {
    CpuId cpu = starting_cpu;
    progress = Progress::arrived;
    set_up_this_cpu();
    init_apic_this_cpu();
    sync_tsc_this_cpu();
    online_cpus.add(cpu);
    progress = Progress::up;
    scheduler.cpu_online(cpu);
    enter_scheduler();
}

bool start_cpu(CpuId cpu, uint32_t id) {
    map_cpu_stack(cpu);
    cpu_local_of(cpu).id = cpu;
    apic_ids[cpu.value] = id;
    starting_cpu = cpu;
    progress = Progress::none;
    cpu_start = {address_of(core_l4).value, initial_stack(cpu), start_this_cpu};
    send_init(id);
    delay_us(10'000);
    for (unsigned waits = 0; progress == Progress::none; ++waits) {
        if (waits == most_waits) {
            send_init(id); // or it might come later, on the next one's stack
            log(LogLevel::warning, "the CPU with APIC number %u does not start; it is not used", id);
            return false;
        }
        if (waits < 2) send_startup(id, CPU_START_PAGE);
        delay_us(200);
    }
    sync_tsc_source();
    while (progress != Progress::up) spin_wait_hook();
    return true;
}

// Starts the other CPUs of the MADT, up to `most` in all. Each enters the scheduler. A CPU that does not answer is
// reported and left out.
void start_other_cpus(uint32_t most) {
    if (!is_ram_by_map(Mfn(CPU_START_PAGE), Mfn(CPU_START_PAGE))) {
        log(LogLevel::warning, "no RAM at %x to start other CPUs from: one CPU", CPU_START_ADDRESS);
        return;
    }
    auto* code = static_cast<uint8_t*>(to_pointer(MachAddr(CPU_START_ADDRESS)));
    uint8_t before[CPU_START_SIZE]; // UEFI's GRUB may have put part of a module there
    memcpy(before, code, sizeof before);
    memcpy(code, cpu_start_code, sizeof before);
    uint32_t next = 1;
    for (uint32_t i = 0; i < machine.cpu_count && next < most; ++i) {
        auto [id, acpi_id] = machine.cpus[i];
        if (id != apic_ids[0] && !(can_reach_apic(id) && start_cpu(CpuId(next), id))) continue;
        acpi_ids[id == apic_ids[0] ? 0 : next++] = acpi_id;
    }
    memcpy(code, before, sizeof before);
    log(LogLevel::info, "%u CPUs", online_cpus.count());
}

// --- the boot CPU ---

// On the boot CPU's own stack, in xen-core's own address space.
void start_machine() {
    set_up_descriptor_windows();
    set_up_this_cpu();
    online_cpus.add(CpuId(0));
    start_memory();
    read_acpi();
    init_interrupts();
    init_apic(machine.local_apic);
    if (const char* problem = calibrate_clocks()) cannot_start("%s", problem);
    uint32_t cpu_count = std::clamp(machine.cpu_count, 1u, options.max_cpus);
    timers.start(cpu_count, [](CpuId cpu, Nanoseconds deadline) {
        cpu == this_cpu() ? set_timer_deadline(deadline) : raise_work(cpu, PendingWork::timer);
    });
    scheduler.start(cpu_count, {now, [](CpuId cpu) { raise_work(cpu, PendingWork::reschedule); }});
    scheduler.cpu_online(CpuId(0));
    start_other_cpus(cpu_count);
    construct_first_domain(boot_information.modules, options);
    enter_scheduler();
}

} // namespace

// From boot/start.S, on the static stack and the static page tables.
extern "C" [[noreturn]] void kernel_main(uint32_t magic, uint32_t information) {
    sort_exception_table();
    const char* problem = read_boot_information(magic, information);
    const char* line = boot_information.command_line;
    options = parse_options(line, [](const char*) {});
    halt_instead_of_reboot = options.no_reboot;
    init_uart(options.uart_port, options.uart_baud);
    log(LogLevel::info, "Skerry, started by %s, options: %s", boot_information.loader_name, line);
    parse_options(line, [](const char* word) { log(LogLevel::warning, "unknown option or value: %s", word); });
    if (problem) cannot_start("%s", problem);
    if (const char* missing = detect_cpu_features(options.smap)) cannot_start("%s", missing);
    cpu_features.x2apic &= options.x2apic;
    cpu_features.tsc_deadline &= options.tsc_deadline;
    if (cpu_features.smap) patch_smap_sites();
    if (cpu_features.meltdown)
        log(LogLevel::warning, "this CPU is open to Meltdown: guests can read all memory; do not run untrusted ones");
    if (boot_information.modules.empty()) cannot_start("no module: the first domain's kernel must be the first one");
    reserve_boot_memory();
    build_address_space();
    map_cpu_stack(CpuId(0));
    continue_on_stack(initial_stack(CpuId(0)), start_machine);
}

} // namespace skerry
