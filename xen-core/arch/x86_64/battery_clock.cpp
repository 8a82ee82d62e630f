// SPDX-License-Identifier: MIT
#include "arch/x86_64/battery_clock.h"

#include "arch/x86_64/clock_sources.h"
#include "arch/x86_64/instructions.h"
#include "arch/x86_64/time_scale.h"

namespace skerry {

namespace {

uint8_t read_cmos(uint8_t r) {
    out8(0x70, r);
    return in8(0x71);
}

} // namespace

uint64_t read_battery_clock() {
    struct Fields {
        uint8_t second, minute, hour, day, month, year, century;
        bool operator==(const Fields&) const = default;
    };
    auto read = [] {
        for (unsigned i = 0; i < 100'000 && read_cmos(0x0a) & 0x80; ++i) // an update is in progress
            pause();
        uint8_t century = clock_sources.century_register ? read_cmos(clock_sources.century_register) : 0;
        return Fields{read_cmos(0), read_cmos(2), read_cmos(4), read_cmos(7), read_cmos(8), read_cmos(9), century};
    };
    Fields f = read();
    for (Fields again = read(); !(f == again); again = read()) f = again;
    uint8_t format = read_cmos(0x0b);
    bool binary = format & 4, full_day = format & 2;
    auto value = [&](uint8_t v) -> uint64_t { return binary ? v : (v >> 4) * 10u + (v & 15); };
    uint64_t hour = value(f.hour & 0x7f);
    if (!full_day) hour = hour % 12 + (f.hour & 0x80 ? 12 : 0);
    uint64_t year = value(f.year) + (f.century ? value(f.century) * 100 : 2000);
    if (!f.month || !f.day) return 0;
    return seconds_since_1970(year, value(f.month), value(f.day), hour, value(f.minute), value(f.second));
}

} // namespace skerry
