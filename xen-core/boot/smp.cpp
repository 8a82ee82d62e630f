// SPDX-License-Identifier: MIT
#include "arch/x86_64/apic.h"
#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/machine_check.h"
#include "arch/x86_64/time.h"
#include "boot/start.h"
#include "traps/entry.h"

// boot/start.S has the code and reads how to go on.
extern "C" {
extern const uint8_t cpu_start_code[], cpu_start_code_end[];
struct {
    uint64_t cr3, stack;
    void (*function)();
} cpu_start;
}

namespace skerry {
namespace {

// The CPU that is on its way, and how far it is.
CpuId starting_cpu;
enum class Progress { none, arrived, up };
std::atomic<Progress> progress;
void (*starting_main_loop)();

constexpr unsigned most_waits = 10'000; // of 200 us: an emulated CPU on a busy host is slow to come

// The first code of a new CPU in C++, on its own stack and the real page tables.
[[noreturn]] void start_this_cpu() {
    CpuId cpu = starting_cpu;
    void (*main_loop)() = starting_main_loop;
    progress = Progress::arrived;
    set_up_this_cpu();
    init_apic_this_cpu();
    sync_tsc_this_cpu();
    online_cpus.add(cpu);
    progress = Progress::up;
    main_loop();
    panic("CPU %u left its main loop", cpu.value);
}

bool start_cpu(CpuId cpu, uint32_t id) {
    map_cpu_stack(cpu);
    cpu_local_of(cpu).id = cpu;
    set_apic_id(cpu, id);
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

} // namespace

void set_up_this_cpu() {
    set_up_cpu_features();
    set_up_cpu_entry();
    init_machine_check();
}

void start_other_cpus(uint32_t most, void (*main_loop)()) {
    if (!is_ram_by_map(Mfn(CPU_START_PAGE), Mfn(CPU_START_PAGE))) {
        log(LogLevel::warning, "no RAM at %x to start other CPUs from: one CPU", CPU_START_ADDRESS);
        return;
    }
    starting_main_loop = main_loop;
    memcpy(to_pointer(MachAddr(CPU_START_ADDRESS)), cpu_start_code,
           static_cast<size_t>(cpu_start_code_end - cpu_start_code));
    uint32_t next = 1;
    for (uint32_t i = 0; i < machine.cpu_count && next < most; ++i) {
        uint32_t id = machine.cpu_apic_ids[i];
        if (id != apic_id(CpuId(0)) && can_reach_apic(id) && start_cpu(CpuId(next), id)) ++next;
    }
    log(LogLevel::info, "%u CPUs", online_cpus.count());
}

} // namespace skerry
