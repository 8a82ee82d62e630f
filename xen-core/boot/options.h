// SPDX-License-Identifier: MIT
// xen-core's command line. Names follow Xen's where Xen has the option (docs/boot.md lists all). Unknown options are
// reported and otherwise ignored.
#pragma once

#include "arch/x86_64/console.h"
#include "base/log.h"

namespace skerry {

inline constexpr uint16_t com1_port = 0x3f8, com2_port = 0x2f8;

struct Options {
    uint64_t first_domain_memory = 0;             // dom0_mem=SIZE, in bytes; 0: all that is left
    uint64_t first_domain_max_memory = 0;         // dom0_mem=max:SIZE; 0: no limit
    uint32_t first_domain_vcpus = 0;              // dom0_max_vcpus=N; 0: one for each CPU
    const char* first_domain_arguments = "";      // what follows "--", as it stands there
    uint16_t uart_port = com1_port;               // console=com1|com2|none
    uint32_t uart_baud = 115200;                  // com1=BAUD, com2=BAUD
    LogLevel log_level = LogLevel::info;          // loglvl=none|error|warning|info|debug|all
    LogLevel guest_log_level = LogLevel::warning; // guest_loglvl=
    bool reboot_after_panic = false;              // reboot-after-panic; default: halt
    bool no_reboot = false;                       // noreboot: halt where the first domain's end would reboot
    uint32_t max_cpus = 256;                      // maxcpus=N, nosmp
    bool smap = true;                             // smap=0
    bool x2apic = true;                           // x2apic=0
    bool tsc_deadline = true;                     // tsc-deadline=0
};

inline constinit Options options;

// Calls `unknown` for each word that is not an option or has a value it cannot have.
Options parse_options(const char* command_line, void (*unknown)(const char* word));

} // namespace skerry
