// SPDX-License-Identifier: MIT
#include "minios/libc/archive_reader.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace minios::libc {
namespace {

std::string member(const std::string& name, const std::string& content, unsigned mode = 0100644) {
    char header[111];
    std::snprintf(header, sizeof header, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 1u, mode, 0u,
                  0u, 1u, 5u, content.size(), 0u, 0u, 0u, 0u, name.size() + 1, 0u);
    std::string bytes = header + name + '\0';
    while (bytes.size() % 4 != 0) bytes += '\0';
    bytes += content;
    while (bytes.size() % 4 != 0) bytes += '\0';
    return bytes;
}

TEST(ArchiveReader, Entries) {
    const std::string bytes = member("a", "first") + member("folder/b", "") + member("TRAILER!!!", "") + "rest";
    ArchiveReader reader(bytes.data(), bytes.size());
    ArchiveEntry entry;
    ASSERT_TRUE(reader.next(entry));
    EXPECT_STREQ(entry.name, "a");
    EXPECT_EQ(std::string(entry.data, entry.size), "first");
    EXPECT_EQ(entry.mode, 0100644u);
    EXPECT_EQ(entry.time, 5);
    ASSERT_TRUE(reader.next(entry));
    EXPECT_STREQ(entry.name, "folder/b");
    EXPECT_FALSE(reader.next(entry));
    EXPECT_FALSE(reader.broken());
    EXPECT_FALSE(reader.next(entry)) << "the end stays the end";
}

TEST(ArchiveReader, BrokenOnesEndEarly) {
    const std::string whole = member("name", "content");
    // From memory of exactly that size, so that the sanitizer sees a byte too many.
    for (std::size_t size = 0; size < 116 + 7; ++size) {
        const std::vector<char> piece(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
        ArchiveReader reader(piece.data(), piece.size());
        ArchiveEntry entry;
        EXPECT_FALSE(reader.next(entry)) << size;
        EXPECT_TRUE(reader.broken()) << size;
    }
    for (const std::size_t field : {6u + 8 * 6, 6u + 8 * 11}) { // sizes of content and name
        for (const char* value : {"ffffffff", "zzzzzzzz", "7fffffff"}) {
            std::string bytes = whole;
            bytes.replace(field, 8, value);
            ArchiveReader reader(bytes.data(), bytes.size());
            ArchiveEntry entry;
            EXPECT_FALSE(reader.next(entry)) << field << " " << value;
            EXPECT_TRUE(reader.broken());
        }
    }
}

} // namespace
} // namespace minios::libc
