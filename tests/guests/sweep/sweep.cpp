// SPDX-License-Identifier: MIT
#include "sweep/sweep.h"

namespace skerry::guest {
namespace {

char line[8000];
size_t length;

} // namespace

void Row::put(const char* text) {
    for (; *text != 0 && length < sizeof line - 1; text++) line[length++] = *text;
}
void Row::number(long value) {
    const bool is_small = value > -65536 && value < 65536;
    unsigned long rest = static_cast<unsigned long>(is_small && value < 0 ? -value : value);
    char digits[24];
    char* at = digits + sizeof digits;
    *--at = 0;
    do *--at = "0123456789abcdef"[rest % (is_small ? 10 : 16)];
    while ((rest /= is_small ? 10 : 16) != 0);
    put(!is_small ? "0x" : value < 0 ? "-" : "");
    put(at);
}
Row::Row(const char* name) {
    length = 0;
    put("= ");
    put(name);
    put(":");
}
Row::Row(const char* name, unsigned long of) {
    length = 0;
    put("= ");
    put(name);
    put(" ");
    number(static_cast<long>(of));
    put(":");
}
Row::Row(const char* group, const char* name) {
    length = 0;
    put("= ");
    put(group);
    put(" ");
    put(name);
    put(":");
}
Row::~Row() {
    line[length++] = '\n';
    hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, length, line);
}
Row& Row::add(const char* key, long value) {
    put(" ");
    put(key);
    put("=");
    number(value);
    return *this;
}
Row& Row::add(unsigned long key, long value) {
    put(" ");
    number(static_cast<long>(key));
    put("=");
    number(value);
    return *this;
}
Row& Row::text(const char* key, const char* value) {
    put(" ");
    put(key);
    put("=");
    put(value);
    return *this;
}
void Row::value(const Trap& trap, long value) {
    if (trap.vector == no_trap) return number(value);
    put("trap");
    number(trap.vector);
    put(".");
    number(static_cast<long>(trap.error));
}
Row& Row::trap(const char* key, const Trap& trap, long without) {
    put(" ");
    put(key);
    put("=");
    value(trap, without);
    return *this;
}
Row& Row::trap(unsigned long key, const Trap& trap, long without) {
    put(" ");
    number(static_cast<long>(key));
    put("=");
    value(trap, without);
    return *this;
}

Place places[place_count] = {{"null", 0},
                             {"low", 0x1000},
                             {"end", ~0UL - 3},
                             {"gap", 0x1000000000000000},
                             {"core", 0xffff830000000000},
                             {"m2p", MACH2PHYS_VIRT_START},
                             {"readonly", 0},
                             {"edge", 0},
                             {"zeros", 0},
                             {"ones", 0}};
uint8_t *zeros, *ones;

static uint8_t* page_before_nothing() {
    auto* pages = static_cast<uint8_t*>(alloc_pages(2));
    unmap(pages + 4096);
    return pages;
}
void fill_places() {
    if (zeros == nullptr) {
        zeros = page_before_nothing();
        ones = page_before_nothing();
        void* readonly = alloc_page();
        make_readonly(readonly);
        places[6].address = reinterpret_cast<uint64_t>(readonly);
        places[7].address = reinterpret_cast<uint64_t>(page_before_nothing()) + 4094;
        places[zeros_place].address = reinterpret_cast<uint64_t>(zeros);
        places[ones_place].address = reinterpret_cast<uint64_t>(ones);
    }
    memset(zeros, 0, 4096);
    memset(ones, 0xff, 4096);
    memset(reinterpret_cast<void*>(places[7].address), 0, 2);
}

void add_changes(Row& row, const char* key, const uint8_t* page, uint8_t filling) {
    uint64_t unchanged;
    memset(&unchanged, filling, sizeof unchanged);
    const auto* words = reinterpret_cast<const uint64_t*>(page);
    unsigned count = 0;
    uint64_t digest = 0;
    for (unsigned i = 0; i < 512; i++) {
        if (words[i] == unchanged) continue;
        count++;
        digest = digest * 31 + i + 1;
    }
    if (count != 0) row.add(key, static_cast<long>(count * 0x10000 + digest % 0x10000));
}

FrameKind frame_kinds[17];
unsigned frame_kind_count;
uint64_t *spare_table[5], *garbage;

void collect_frames() {
    if (frame_kind_count != 0) return;
    const auto add = [](const char* name, Mfn mfn) { frame_kinds[frame_kind_count++] = {name, mfn}; };
    for (uint64_t*& table : spare_table) {
        table = static_cast<uint64_t*>(alloc_page());
        if (&table != spare_table) make_readonly(table);
    }
    garbage = static_cast<uint64_t*>(alloc_page());
    memset(garbage, 0x55, 4096);
    make_readonly(garbage);
    add("page", mfn_of(spare_table[0]));
    add("table1", mfn_of(spare_table[1]));
    add("table2", mfn_of(spare_table[2]));
    add("table3", mfn_of(spare_table[3]));
    add("table4", mfn_of(spare_table[4]));
    add("garbage", mfn_of(garbage));
    add("top", mfn_of(top_table()));
    add("shared", boot_info.shared_info >> 12);
    add("first", 0);
    add("video", 0xa0);
    add("apic", 0xfee00);
    add("ioapic", 0xfec00);
    add("far", 0x8000000);
    add("beyond", 0x10000000);
    add("wide", 0xfffffffffULL);
    add("huge", 0xffffffffffULL);
    add("core", 0x100);
}

} // namespace skerry::guest
