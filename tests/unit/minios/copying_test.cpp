// SPDX-License-Identifier: MIT
// minios/libc/copying.c, scanning.c and comparing.c under other names (build.mk), against what they should do, for every small size and alignment.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <sys/mman.h>
#include <vector>

extern "C" {
void* tested_memcpy(void* to, const void* from, std::size_t size);
void* tested_memmove(void* to, const void* from, std::size_t size);
void* tested_memset(void* to, int byte, std::size_t size);
void* tested_memchr(const void* memory, int byte, std::size_t size);
std::size_t tested_strlen(const char* string);
int tested_memcmp(const void* left, const void* right, std::size_t size);
}

namespace {

using Bytes = std::vector<unsigned char>;

Bytes pattern(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<unsigned char>(i * 31 + i / 256 + 1);
    return bytes;
}

TEST(Copying, EverySizeAndAlignment) {
    const Bytes from = pattern(700);
    for (std::size_t size = 0; size <= 600; ++size)
        for (std::size_t shift = 0; shift < 17; shift += size < 70 ? 1 : 5) {
            Bytes to(700, 0xaa), expected = to;
            std::copy_n(from.begin() + 3, size, expected.begin() + static_cast<long>(shift));
            ASSERT_EQ(tested_memcpy(to.data() + shift, from.data() + 3, size), to.data() + shift);
            ASSERT_EQ(to, expected) << size << " bytes to " << shift;
        }
}

TEST(Copying, OverlapsInBothDirections) {
    for (std::size_t size = 0; size <= 600; size += size < 140 ? 1 : 13)
        for (const long distance :
             {-200, -129, -128, -64, -17, -16, -8, -1, 0, 1, 3, 8, 15, 16, 17, 31, 64, 127, 128, 129, 200}) {
            Bytes bytes = pattern(1000), expected = bytes;
            const Bytes original = bytes;
            std::copy_n(original.begin() + 200, size, expected.begin() + 200 + distance);
            tested_memmove(bytes.data() + 200 + distance, bytes.data() + 200, size);
            ASSERT_EQ(bytes, expected) << size << " bytes by " << distance;
        }
}

TEST(Comparing, EverySizeAlignmentAndDifference) {
    const auto sign = [](int order) { return (order > 0) - (order < 0); };
    const Bytes from = pattern(64);
    for (std::size_t size = 0; size <= 40; ++size)
        for (std::size_t shift = 0; shift < 9; ++shift) {
            Bytes other(64, 0x55);
            std::copy_n(from.begin() + 5, size, other.begin() + static_cast<long>(shift));
            ASSERT_EQ(tested_memcmp(from.data() + 5, other.data() + shift, size), 0) << size << " at " << shift;
            for (std::size_t at = 0; at < size; ++at)
                for (const unsigned char change : {0x01, 0x80, 0xff}) {
                    other[shift + at] ^= change;
                    ASSERT_EQ(sign(tested_memcmp(from.data() + 5, other.data() + shift, size)),
                              sign(std::memcmp(from.data() + 5, other.data() + shift, size)))
                        << size << " at " << shift << ", byte " << at;
                    other[shift + at] ^= change;
                }
        }
}

TEST(Copying, Sets) {
    for (std::size_t size = 0; size <= 400; ++size)
        for (std::size_t shift = 0; shift < 16; shift += 3) {
            Bytes bytes = pattern(450), expected = bytes;
            std::fill_n(expected.begin() + static_cast<long>(shift), size, 0xf3);
            ASSERT_EQ(tested_memset(bytes.data() + shift, 0x7f3, size), bytes.data() + shift);
            ASSERT_EQ(bytes, expected) << size << " bytes at " << shift;
        }
}

/// The end of a page behind which there is nothing.
class Scanning : public testing::Test {
  protected:
    static constexpr std::size_t page = 4096;
    Scanning()
        : pages_(
              static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))),
          end(pages_ + page) {
        mprotect(end, page, PROT_NONE);
        std::memset(pages_, 'x', page);
    }
    ~Scanning() override { munmap(pages_, 2 * page); }
    char* pages_;
    char* end;
};

TEST_F(Scanning, LengthsUpToTheEndOfAPage) {
    end[-1] = 0;
    for (std::size_t length = 0; length < 300; ++length) {
        ASSERT_EQ(tested_strlen(end - 1 - length), length);
        end[-1 - static_cast<long>(length) - 1] = 0; // what lies before does not count
        ASSERT_EQ(tested_strlen(end - 1 - length), length);
        end[-1 - static_cast<long>(length) - 1] = 'x';
    }
}

TEST_F(Scanning, FindsTheFirstByteInsideOnly) {
    for (std::size_t size = 0; size < 100; ++size) {
        char* start = end - size;
        ASSERT_EQ(tested_memchr(start, 'y', size), nullptr);
        for (std::size_t at = 0; at < size; ++at) {
            start[at] = 'y';
            start[size - 1] = 'y';
            ASSERT_EQ(tested_memchr(start, 'y' + 256, size), start + at);
            ASSERT_EQ(tested_memchr(start, 'y', at), nullptr);
            start[at] = start[size - 1] = 'x';
        }
    }
}

} // namespace
