// SPDX-License-Identifier: MIT
// The hypervisor's console: writing needs a readable buffer, reading gives what was typed or nothing.
#include "lib/guest.h"

using namespace skerry::guest;

static long write_console(const void* text, unsigned long size) {
    return hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, size, text);
}

GUEST_CASE(writes_return_zero) {
    EXPECT_EQ(write_console("a line\n", 7), 0);
    EXPECT_EQ(write_console("", 0), 0);
}
GUEST_CASE(long_writes) {
    auto* pages = static_cast<char*>(alloc_pages(2));
    for (unsigned i = 0; i < 8192; i++) pages[i] = i % 64 == 63 ? '\n' : '.';
    EXPECT_EQ(write_console(pages, 600), 0);
}
GUEST_CASE(buffers_that_cannot_be_read) {
    EXPECT_EQ(write_console(reinterpret_cast<void*>(0x1000), 5), efault);
    EXPECT_EQ(write_console(reinterpret_cast<void*>(0xffff830000000000), 5), efault);
}
GUEST_CASE(control_characters_do_no_harm) { EXPECT_EQ(write_console("\x01\x02\x7f\xff\x1b[0m\n", 9), 0); }
GUEST_CASE(read_without_input) {
    char buffer[16];
    const long result = hypercall(__HYPERVISOR_console_io, CONSOLEIO_read, 16, buffer);
    EXPECT(result >= 0 && result <= 16);
}
GUEST_CASE(an_event_says_that_the_log_grew) {
    const long port = bind_virq(VIRQ_CON_RING, 0);
    REQUIRE(port > 0);
    unmask_port(static_cast<unsigned>(port));
    event_count[port] = 0;
    events_on();
    // On Xen what a domain writes is no part of the log, unless it was started with console_to_ring.
    EXPECT_EQ(write_console("to the log\n", 11), 0);
    const bool is_told = wait_for([=] { return event_count[port] > 0; });
    events_off();
    EXPECT_EQ(close_port(static_cast<unsigned>(port)), 0);
    char version[16] = {};
    xen_version(XENVER_extraversion, version);
    if (memcmp(version, ".0-skerry", 9) != 0) return skip("what a domain writes may not be in this hypervisor's log");
    EXPECT(is_told);
}
GUEST_CASE(unknown_command) { EXPECT(hypercall(__HYPERVISOR_console_io, 99, 0, nullptr) < 0); }
