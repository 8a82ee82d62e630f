// SPDX-License-Identifier: MIT
// Guest handles: what is a guest address, and that nothing is read or written beyond it.
#include "host_machine.h"

#include "memory/guest_copy.h"

#include <gtest/gtest.h>

namespace skerry {
namespace {

struct Record {
    uint64_t a, b;
};

TEST(GuestCopy, Ranges) {
    EXPECT_TRUE(is_guest_range(GuestVirt(0x7fffffffffff), 1));
    EXPECT_FALSE(is_guest_range(GuestVirt(0x7fffffffffff), 2));
    EXPECT_FALSE(is_guest_range(GuestVirt(0x800000000000), 1));
    EXPECT_FALSE(is_guest_range(GuestVirt(layout::core_start), 1));
    EXPECT_FALSE(is_guest_range(GuestVirt(layout::core_end - 4), 8));
    EXPECT_TRUE(is_guest_range(GuestVirt(layout::core_end), ~uint64_t{0} - layout::core_end));
    EXPECT_FALSE(is_guest_range(GuestVirt(0x1000), ~size_t{0}));
    EXPECT_FALSE(is_guest_range(GuestVirt(0x1000), size_t{1} << 47));
}

TEST(GuestCopy, HandlesReadAndWrite) {
    host_guest_memory.bytes.assign(4096, 0);
    GuestHandle<Record> handle(host_guest_memory.base);
    EXPECT_TRUE(handle.write(Record{1, 2}, 3).ok());
    Record read{};
    EXPECT_TRUE(handle.read(read, 3).ok());
    EXPECT_EQ(read.b, 2u);
    EXPECT_EQ(handle.advanced(3).address(), GuestVirt(host_guest_memory.base + 48));
    EXPECT_EQ(handle.read(read, 256).error(), Error::bad_address);
    EXPECT_EQ(handle.write(read, 256).error(), Error::bad_address);
    Record all[256];
    EXPECT_TRUE(handle.read_array(all, 256).ok());
    EXPECT_EQ(all[3].a, 1u);
    EXPECT_FALSE(handle.read_array(all, 256, 1).ok());
    EXPECT_FALSE(handle.read_array(all, ~uint64_t{0} / 8).ok());
    EXPECT_TRUE(GuestHandle<void>().is_null());
}

} // namespace
} // namespace skerry
