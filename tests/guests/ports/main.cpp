// SPDX-License-Identifier: MIT
// Ports of old devices that a first domain's kernel touches while it starts: those the hypervisor uses itself answer
// like empty ones, the speaker's timer is shown, the battery clock is there.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

namespace {

void privileged() {
    physdev_set_iopl call{1};
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call);
}
uint8_t in(uint16_t port) {
    uint8_t value;
    asm volatile("inb %w1, %0" : "=a"(value) : "d"(port));
    return value;
}
void out(uint16_t port, uint8_t value) { asm volatile("outb %0, %w1" ::"a"(value), "d"(port)); }

} // namespace

GUEST_CASE(interrupt_controllers_and_the_system_timer_are_not_there) {
    privileged();
    for (const uint16_t port : {0x20, 0x21, 0xa0, 0xa1, 0x40, 0x41}) {
        EXPECT_EQ(in(port), 0xff);
        out(port, 0xff);
        EXPECT_EQ(in(port), 0xff);
    }
}
GUEST_CASE(speaker_timer_counts) {
    // Channel 2 in mode 0, started by its gate: kernels measure the processor's clock with it.
    privileged();
    const uint8_t before = in(0x61);
    out(0x61, static_cast<uint8_t>((before & ~2) | 1));
    out(0x43, 0xb0);
    out(0x42, 11932 & 0xff); // 10 ms
    out(0x42, 11932 >> 8);
    EXPECT_EQ(in(0x61) & 0x20, 0);
    const uint64_t start = system_time();
    while (!(in(0x61) & 0x20) && system_time() - start < 2000000000) {}
    const uint64_t took = system_time() - start;
    EXPECT(took >= 8000000 && took < 1000000000);
    out(0x61, before);
}
GUEST_CASE(battery_clock_answers) {
    privileged();
    out(0x70, 0x0d);
    EXPECT_EQ(in(0x71) & 0x80, 0x80); // the battery is good
    out(0x70, 0x09);
    const uint8_t year = in(0x71);
    EXPECT((year & 0xf) < 10 && year >> 4 < 10);
    // Asked for again without naming it.
    EXPECT_EQ(in(0x71), year);
}
GUEST_CASE(post_code_and_keyboard_ports_are_harmless) {
    privileged();
    out(0x80, 1);
    (void)in(0x64);
    EXPECT_EQ(in(0x3fff), 0xff); // nobody's
}
