// SPDX-License-Identifier: MIT
// What boot/cpu_start.S shares with C++.
#pragma once

#define CPU_START_ADDRESS 0x8000 // real-mode code of starting CPUs: free, page-aligned RAM on every PC
#define CPU_START_PAGE (CPU_START_ADDRESS >> 12)

#ifndef __ASSEMBLER__
#include <stdint.h>

extern "C" {
extern const uint8_t cpu_start_code[], cpu_start_code_end[];
extern uint64_t cpu_start_cr3, cpu_start_stack;
// Leaves the present stack for good.
[[noreturn]] void continue_on_stack(uint64_t rsp, void (*next)());
}
#endif
