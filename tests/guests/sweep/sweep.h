// SPDX-License-Identifier: MIT
// What the sweep is written with: rows of the transcript, and arguments of every kind.
#pragma once
#include "lib/guest.h"

namespace skerry::guest {

// One row of the transcript: "= NAME: KEY=VALUE KEY=VALUE ...", written when it goes out of scope. A value is a number
// or, after an exception, trapV.E with vector and error code.
class Row {
  public:
    explicit Row(const char* name);
    Row(const char* name, unsigned long number); // "NAME NUMBER", in hexadecimal when it is large
    Row(const char* group, const char* name);    // "GROUP NAME"
    ~Row();
    Row(const Row&) = delete;
    Row& operator=(const Row&) = delete;
    Row& add(const char* key, long value);
    Row& add(unsigned long key, long value);
    Row& text(const char* key, const char* value);
    Row& trap(const char* key, const Trap& trap, long value = 0); // `value` if there was none
    Row& trap(unsigned long key, const Trap& trap, long value = 0);

  private:
    void put(const char* text);
    void number(long value);
    void value(const Trap& trap, long value);
};

// Calls `call`, and adds what it returned, or its exception.
template <typename Call> void result(Row& row, const char* key, Call call) {
    volatile long value = 0;
    const Trap trap = attempt([&] { value = call(); });
    row.trap(key, trap, value);
}
template <typename Call> void result(Row& row, unsigned long key, Call call) {
    volatile long value = 0;
    const Trap trap = attempt([&] { value = call(); });
    row.trap(key, trap, value);
}

// Addresses of every kind that an argument may be.
struct Place {
    const char* name;
    uint64_t address;
};
constexpr unsigned place_count = 10, readonly_place = 6, zeros_place = 8, ones_place = 9;
extern Place places[place_count];
extern uint8_t *zeros, *ones; // the last two; a page behind each is unmapped
void fill_places();           // zeros and ones are again; what is read-only holds zeros

// Frames of every kind that an argument may name; filled once.
struct FrameKind {
    const char* name;
    Mfn mfn;
};
constexpr unsigned shared_kind = 7;
extern FrameKind frame_kinds[17];
extern unsigned frame_kind_count;
extern uint64_t* spare_table[5]; // an unused page, and read-only pages used as L1 to L4 table
extern uint64_t* garbage;        // a read-only page that is no table
void collect_frames();

enum LeaveOut { all = 0, without_zeros = 1, without_ones = 2 };

// A row for `call(address)` at every place, and at which words the zeros and the ones have changed.
void add_changes(Row& row, const char* key, const uint8_t* page, uint8_t filling);
template <typename Call> void at_every_place(Row& row, Call call, unsigned leave_out = all) {
    fill_places();
    for (unsigned i = 0; i < place_count; i++) {
        if (((i == readonly_place || i == zeros_place) && leave_out & without_zeros) ||
            (i == ones_place && leave_out & without_ones))
            continue;
        result(row, places[i].name, [&] { return call(places[i].address); });
    }
    add_changes(row, "zeros_changed", zeros, 0);
    add_changes(row, "ones_changed", ones, 0xff);
}

} // namespace skerry::guest
