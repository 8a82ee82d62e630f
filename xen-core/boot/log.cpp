// SPDX-License-Identifier: MIT
// The log of base/log.h: one line per call, to the console, if its level is wanted. And the end of the world, with a back
// trace that scans the stack for return addresses (xen-core keeps no frame pointers): it may show a few calls that have
// already returned; every line is a place that follows a call instruction. Names come from the table that
// tools/core-symbols generates at link time.
#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/machine_power.h"
#include "arch/x86_64/time.h"
#include "boot/start.h"

#include <algorithm>

extern "C" {
struct SymbolEntry {
    uint32_t address; // low half: all of the image shares the upper one
    uint32_t name;    // offset into symbol_names
};
extern const SymbolEntry symbol_table[], symbol_table_end[];
extern const char symbol_names[];
extern const char text_start[], text_end[];
}

namespace skerry {
namespace {

// Formats "prefix text\n" (exactly one newline) and writes it in one piece.
void write_line(const char* prefix, const char* format, va_list arguments) {
    char line[320];
    size_t length = format_text(line, sizeof(line) - 1, "%s", prefix);
    length += format_arguments(line + length, sizeof(line) - 1 - length, format, arguments);
    if (!length || line[length - 1] != '\n') line[length++] = '\n';
    console_write(line, length);
}

// The same with what was passed to the function that this stands in, after its parameter `format`.
#define WRITE_LINE(prefix)                                                                                             \
    do {                                                                                                               \
        va_list arguments;                                                                                             \
        va_start(arguments, format);                                                                                   \
        write_line(prefix, format, arguments);                                                                         \
        va_end(arguments);                                                                                             \
    } while (0)

[[gnu::format(printf, 1, 2)]] void say(const char* format, ...) { WRITE_LINE(""); }

// By level.
constexpr const char* prefixes[] = {"xen-core: error: ", "xen-core: warning: ", "xen-core: ", "xen-core: "};

constexpr unsigned max_trace_lines = 32;
constexpr uint32_t machine_check_vector = 18;
std::atomic<bool> is_crashing{false};

bool is_text(uint64_t address) {
    return address >= reinterpret_cast<uint64_t>(text_start) && address < reinterpret_cast<uint64_t>(text_end);
}

// Is there a call instruction that ends at `address`? (call rel32, or call through a register or memory.)
bool follows_call(uint64_t address) {
    auto* code = reinterpret_cast<const uint8_t*>(address);
    if (!is_text(address) || !is_text(address - 7)) return false;
    if (code[-5] == 0xe8) return true;
    for (int length : {2, 3, 4, 6, 7})
        if (code[-length] == 0xff && (code[1 - length] & 0x38) == 0x10) return true;
    return false;
}

void print_address(uint64_t address) {
    auto low = static_cast<uint32_t>(address);
    const SymbolEntry* next = std::ranges::upper_bound(symbol_table, symbol_table_end, low, {}, &SymbolEntry::address);
    if (is_text(address) && next != symbol_table)
        say("    %016lx %s+0x%x", address, symbol_names + next[-1].name, low - next[-1].address);
    else
        say("    %016lx ?", address);
}

// Where the stack that `rsp` points into ends: this CPU's region only, and not across its guard page.
uint64_t stack_end(uint64_t rsp) {
    uint64_t region = reinterpret_cast<uint64_t>(&cpu_local()) & ~uint64_t{CPU_STACK_SIZE - 1};
    uint64_t page = (rsp - region) / page_size;
    if (rsp < region || page >= CPU_STACK_SIZE / page_size || page <= CPU_STACK_GUARD_PAGE)
        return page >= 1 && page < CPU_STACK_GUARD_PAGE ? region + (page + 1) * page_size : 0;
    return region + CPU_STACK_SIZE;
}

// The first CPU to crash goes on; others, and a crash while crashing, stop here.
void begin_crash() {
    if (is_crashing.exchange(true)) stop_this_cpu();
    stop_other_cpus();
    break_console_lock();
    say("\n----------------------------------------\nxen-core: panic on CPU %u", this_cpu().value);
}

[[noreturn]] void end_crash(uint64_t rsp) {
    say("Call trace:");
    unsigned lines = 0;
    for (uint64_t at = rsp & ~uint64_t{7}, end = stack_end(rsp); at < end && lines < max_trace_lines; at += 8) {
        uint64_t word = *reinterpret_cast<const uint64_t*>(at);
        if (!follows_call(word)) continue;
        print_address(word - 1); // inside the call: the next instruction may be another function's
        ++lines;
    }
    say("----------------------------------------");
    if (options.reboot_after_panic) reboot();
    halt_machine();
}

} // namespace

void log(LogLevel level, const char* format, ...) {
    if (level > options.log_level) return;
    WRITE_LINE(prefixes[static_cast<unsigned>(level)]);
}

// At most `burst` lines at once, one more every `interval`; what was dropped is counted and reported with the next line.
Error refuse(Error reason, DomId domain, const char* format, ...) {
    constexpr Nanoseconds interval = 500'000'000, burst = 10;
    static constinit std::atomic<Nanoseconds> paid_until{0}; // each line costs an interval
    static constinit std::atomic<uint32_t> dropped{0};
    if (options.guest_log_level < LogLevel::debug) return reason;
    Nanoseconds time = now(), paid = paid_until.load(std::memory_order_relaxed);
    if (paid > time + (burst - 1) * interval) {
        dropped.fetch_add(1, std::memory_order_relaxed);
        return reason;
    }
    paid_until.store(std::max(paid, time) + interval, std::memory_order_relaxed);
    char prefix[64];
    format_text(prefix, sizeof(prefix), "d%u: refused: ", domain.value);
    WRITE_LINE(prefix);
    if (uint32_t count = dropped.exchange(0)) log(LogLevel::info, "%u more refusals were not printed", count);
    return reason;
}

void cannot_start(const char* format, ...) {
    WRITE_LINE("xen-core: error: cannot start: ");
    halt_machine();
}

void crash(const RegisterFrame& frame, const char* what) {
    begin_crash();
    say("%s", what);
    say("CPU %u, vector %u, error code %04x", this_cpu().value, frame.vector, frame.error_code);
    say("rip %04x:%016lx rflags %08lx", frame.cs, frame.rip, frame.rflags);
    say("rsp %04x:%016lx cr2 %016lx cr3 %016lx", frame.ss, frame.rsp, read_cr2(), read_cr3());
    say("rax %016lx rbx %016lx rcx %016lx rdx %016lx", frame.rax, frame.rbx, frame.rcx, frame.rdx);
    say("rsi %016lx rdi %016lx rbp %016lx r8  %016lx", frame.rsi, frame.rdi, frame.rbp, frame.r8);
    say("r9  %016lx r10 %016lx r11 %016lx r12 %016lx", frame.r9, frame.r10, frame.r11, frame.r12);
    say("r13 %016lx r14 %016lx r15 %016lx cr0 %08lx cr4 %08lx", frame.r13, frame.r14, frame.r15, read_cr0(),
        read_cr4());
    if (frame.vector == machine_check_vector) log_machine_check_banks("");
    print_address(frame.rip);
    end_crash(frame.rsp);
}

[[gnu::noinline]] void panic(const char* format, ...) {
    begin_crash();
    WRITE_LINE("");
    say("cr0 %08lx cr2 %016lx cr3 %016lx cr4 %08lx", read_cr0(), read_cr2(), read_cr3(), read_cr4());
    end_crash(reinterpret_cast<uint64_t>(__builtin_frame_address(0)));
}

} // namespace skerry
