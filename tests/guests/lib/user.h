// SPDX-License-Identifier: MIT
// User mode of a tiny guest: an address space with a few pages at 4 MiB, entered by the iret hypercall and left by any
// trap.
#pragma once
#include "lib/traps.h"

namespace skerry::guest {

constexpr uint64_t user_base = 0x400000;
constexpr unsigned user_pages = 16; // page 0 holds code, page 15 is the stack

// Builds the user page tables once and makes them current for user mode. Ends the guest with a message when Xen
// refuses.
void user_start();
uint8_t* user_page(unsigned index); // the kernel's view of a user page
inline uint64_t user_address(unsigned index, unsigned offset = 0) { return user_base + index * 4096UL + offset; }
uint64_t user_table_mfn(); // of the user L4
constexpr uint64_t user_stack_top = user_base + user_pages * 4096UL;

// Puts code (USER_CODE below) at the start of user page 0 and runs it there in user mode until it traps or calls.
// `registers` gives initial rax, rdi, rsi, rdx, rcx, rbx.
Trap run_user(const char* code, const char* code_end, const Frame* registers = nullptr);

} // namespace skerry::guest

#define USER_CODE(name, text)                                                                                          \
    extern "C" const char name[], name##_end[];                                                                        \
    asm(".pushsection .rodata\n.globl " #name ", " #name "_end\n" #name ":\n" text "\n" #name "_end: .popsection")
#define RUN_USER(name, ...) skerry::guest::run_user(name, name##_end __VA_OPT__(, ) __VA_ARGS__)
