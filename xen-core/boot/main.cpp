// SPDX-License-Identifier: MIT
// The start of the machine, from the boot loader to the first domain. docs/boot.md tells the same at more length.
#include "arch/x86_64/apic.h"
#include "arch/x86_64/console.h"
#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/descriptor_windows.h"
#include "arch/x86_64/exception_table.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/interrupts.h"
#include "arch/x86_64/machine_power.h"
#include "arch/x86_64/smap.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/tlb.h"
#include "base/format.h"
#include "base/log.h"
#include "boot/acpi.h"
#include "boot/boot_information.h"
#include "boot/cpu_start.h"
#include "boot/first_domain.h"
#include "boot/memory_start.h"
#include "boot/options.h"
#include "boot/paging.h"
#include "boot/smp.h"
#include "schedule/scheduler.h"
#include "schedule/timer_queue.h"
#include "traps/entry.h"

extern "C" void (*const init_array_start[])();
extern "C" void (*const init_array_end[])();

namespace skerry {

namespace {

void run_constructors() {
    for (auto constructor = init_array_start; constructor != init_array_end; ++constructor) (*constructor)();
}

void ignore_word(const char*) {}
void report_word(const char* word) { log(LogLevel::warning, "unknown option or value: %s", word); }

void open_console() {
    options = parse_options(boot_information.command_line, ignore_word);
    halt_instead_of_reboot = options.no_reboot;
    init_uart(options.uart);
    log(LogLevel::info, "Skerry, started by %s, options: %s", boot_information.loader_name,
        boot_information.command_line);
    parse_options(boot_information.command_line, report_word);
}

void require_features() {
    if (const char* missing = detect_cpu_features(options.smap)) cannot_start("%s", missing);
    cpu_features.x2apic &= options.x2apic;
    cpu_features.tsc_deadline &= options.tsc_deadline;
    if (cpu_features.smap) patch_smap_sites();
    if (cpu_features.meltdown)
        log(LogLevel::warning, "this CPU is open to Meltdown: guests can read all memory; do not run untrusted ones");
}

void require_modules() {
    if (!boot_information.modules.count()) cannot_start("no module: the first domain's kernel must be the first one");
}

void program_timer(CpuId cpu, Nanoseconds deadline) {
    if (cpu == this_cpu())
        set_timer_deadline(deadline);
    else
        raise_work(cpu, PendingWork::timer);
}

void start_scheduler(uint32_t cpu_count) {
    timers.start(cpu_count, {program_timer});
    scheduler.start(cpu_count, {now, [](CpuId cpu) { raise_work(cpu, PendingWork::reschedule); }});
    scheduler.cpu_online(CpuId(0));
}

// The other CPUs' last step before their first guest.
void join_scheduler() {
    scheduler.cpu_online(this_cpu());
    enter_scheduler();
}

uint32_t usable_cpus() {
    uint32_t found = machine.cpu_count ? machine.cpu_count : 1;
    return found < options.max_cpus ? found : options.max_cpus;
}

// On the boot CPU's own stack, in xen-core's own address space.
void start_machine() {
    set_up_descriptor_windows();
    set_up_this_cpu();
    online_cpus.add(CpuId(0));
    start_memory();
    read_acpi();
    mask_8259s();
    init_apic(machine.local_apic);
    init_interrupts();
    if (const char* problem = calibrate_clocks()) cannot_start("%s", problem);
    start_scheduler(usable_cpus());
    start_other_cpus(usable_cpus(), join_scheduler);
    construct_first_domain(boot_information.modules, options);
    enter_scheduler();
}

} // namespace

// From boot/start.S, on the static stack and the static page tables.
extern "C" [[noreturn]] void kernel_main(uint32_t magic, uint32_t information) {
    run_constructors();
    sort_exception_table();
    const char* problem = read_boot_information(magic, information);
    open_console();
    if (problem) cannot_start("%s", problem);
    require_features();
    require_modules();
    reserve_boot_memory();
    build_address_space();
    map_cpu_stack(CpuId(0));
    continue_on_stack(initial_stack(CpuId(0)), start_machine);
}

void cannot_start(const char* format, ...) {
    char reason[200];
    va_list arguments;
    va_start(arguments, format);
    format_arguments(reason, sizeof(reason), format, arguments);
    va_end(arguments);
    log(LogLevel::error, "cannot start: %s", reason);
    halt_machine();
}

} // namespace skerry
