// SPDX-License-Identifier: MIT
#include "arch/x86_64/machine_check.h"

#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/instructions.h"
#include "base/log.h"

namespace skerry {

namespace {

constexpr uint64_t status_valid = uint64_t{1} << 63, status_has_misc = uint64_t{1} << 59,
                   status_has_address = uint64_t{1} << 58;
constexpr uint64_t cap_has_control = 1 << 8;

unsigned bank_count() { return cpu_features.machine_check ? read_msr(msr::mcg_cap) & 0xff : 0; }

} // namespace

void print_machine_check_banks(void (*say)(const char* line)) {
    for (unsigned bank = 0, count = bank_count(); bank < count; ++bank) {
        uint64_t status = read_msr(msr::mc0_status + 4 * bank);
        if (!(status & status_valid)) continue;
        uint64_t address = status & status_has_address ? read_msr(msr::mc0_address + 4 * bank) : 0;
        uint64_t misc = status & status_has_misc ? read_msr(msr::mc0_misc + 4 * bank) : 0;
        char line[120];
        format_text(line, sizeof(line), "machine check bank %u: status %016lx address %lx misc %lx\n", bank, status,
                    address, misc);
        say(line);
    }
}

void init_machine_check() {
    print_machine_check_banks(
        [](const char* line) { log(LogLevel::warning, "CPU %u before start: %s", this_cpu().value, line); });
    unsigned count = bank_count();
    if (count && read_msr(msr::mcg_cap) & cap_has_control) write_msr(msr::mcg_ctl, ~uint64_t{0});
    for (unsigned bank = 0; bank < count; ++bank) {
        write_msr_safe(msr::mc0_ctl + 4 * bank, ~uint64_t{0}); // virtual CPUs may refuse
        write_msr_safe(msr::mc0_status + 4 * bank, 0);
    }
}

} // namespace skerry
