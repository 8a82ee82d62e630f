// SPDX-License-Identifier: MIT
#include "stubdoms/pv-boot/start_in_place/decompress.h"

#include "tests/unit/pv-boot/compressed_samples.h"
#include "tests/unit/pv-boot/fake_domain.h"

#include <lzma.h>

#include <gtest/gtest.h>

namespace skerry::start_in_place {
namespace {

struct Sample {
    Format format;
    std::span<const std::uint8_t> bytes;
};

const Sample samples[] = {
    {Format::gzip, test::sample_gzip},    {Format::xz, test::sample_xz},        {Format::lzma, test::sample_lzma},
    {Format::xz, test::sample_xz_blocks}, {Format::xz, test::sample_xz_sha256}, {Format::bzip2, test::sample_bzip2},
    {Format::lz4, test::sample_lz4},      {Format::zstd, test::sample_zstd},
};

class Decompress : public testing::TestWithParam<Sample> {
  protected:
    Bytes input() const { return Bytes(std::as_bytes(GetParam().bytes)); }
    Result<std::uint64_t> run(Bytes bytes, std::size_t room) {
        output_.assign(room, std::byte{0xee}); // a heap block of exactly that size: ASan sees a byte too many
        output_.shrink_to_fit();
        Workspace workspace(domain_);
        return decompress(GetParam().format, bytes, output_, workspace);
    }

    test::FakeDomain domain_{4096};
    std::vector<std::byte> output_;
};

TEST_P(Decompress, IsRecognised) { EXPECT_EQ(recognise(input()), GetParam().format); }

TEST_P(Decompress, Whole) {
    const std::uint64_t before = domain_.used_count();
    for (std::size_t room : {test::sample_bytes, test::sample_bytes + 5000}) {
        const auto written = run(input(), room);
        ASSERT_TRUE(written) << written.failure().what;
        EXPECT_EQ(*written, test::sample_bytes);
        const auto text = test::sample();
        EXPECT_TRUE(std::equal(text.begin(), text.end(), output_.begin()));
    }
    EXPECT_EQ(domain_.used_count(), before);
}

TEST_P(Decompress, BytesAfterTheStreamAreIgnored) {
    std::vector<std::byte> longer(input().data(), input().data() + input().size());
    for (std::byte b : {std::byte{0x20}, std::byte{0x4e}, std::byte{0},
                        std::byte{0}}) // the unpacked size, as a kernel's build appends it
        longer.push_back(b);
    const auto written = run(Bytes(std::span<const std::byte>(longer)), test::sample_bytes);
    ASSERT_TRUE(written) << written.failure().what;
    EXPECT_EQ(*written, test::sample_bytes);
}

TEST_P(Decompress, TooLittleRoom) {
    for (std::size_t room : {std::size_t{1}, std::size_t{4096}, test::sample_bytes - 1}) {
        const auto written = run(input(), room);
        ASSERT_FALSE(written) << room;
        EXPECT_EQ(written.failure().what, output_full) << written.failure().what;
    }
}

TEST_P(Decompress, EveryTruncationFailsOrGivesAPrefix) {
    const auto text = test::sample();
    for (std::size_t size = 0; size < input().size(); ++size) {
        std::vector<std::byte> part(input().data(), input().data() + size);
        part.shrink_to_fit();
        const auto written = run(Bytes(std::span<const std::byte>(part)), test::sample_bytes);
        if (written) {
            EXPECT_TRUE(
                std::equal(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(*written), text.begin()))
                << size;
        }
    }
}

TEST_P(Decompress, EverySingleCorruptByteIsSurvived) {
    for (std::size_t at = 0; at < input().size(); ++at) {
        std::vector<std::byte> spoilt(input().data(), input().data() + input().size());
        for (unsigned bit : {0u, 3u, 7u}) {
            spoilt[at] ^= static_cast<std::byte>(1u << bit);
            const auto written = run(Bytes(std::span<const std::byte>(spoilt)), test::sample_bytes);
            if (written) { EXPECT_LE(*written, test::sample_bytes); }
        }
    }
}

TEST_P(Decompress, NoMemoryForTheWorkspaceIsAnError) {
    if (GetParam().format == Format::lz4) return; // needs none
    test::FakeDomain poor(4, 4);
    Workspace workspace(poor);
    std::vector<std::byte> output(test::sample_bytes);
    EXPECT_FALSE(decompress(GetParam().format, input(), output, workspace));
}

INSTANTIATE_TEST_SUITE_P(Formats, Decompress, testing::ValuesIn(samples), [](const auto& info) {
    return std::string(name(info.param.format)) + "_" + std::to_string(info.index);
});

/// What liblzma makes of it; nothing when it refuses.
std::vector<std::byte> by_liblzma(Format format, Bytes input) {
    std::vector<std::byte> output(test::sample_bytes);
    lzma_stream stream = LZMA_STREAM_INIT;
    const lzma_ret ready =
        format == Format::xz ? lzma_stream_decoder(&stream, UINT64_MAX, 0) : lzma_alone_decoder(&stream, UINT64_MAX);
    stream.next_in = reinterpret_cast<const std::uint8_t*>(input.data());
    stream.avail_in = input.size();
    stream.next_out = reinterpret_cast<std::uint8_t*>(output.data());
    stream.avail_out = output.size();
    const bool good = ready == LZMA_OK && lzma_code(&stream, LZMA_FINISH) == LZMA_STREAM_END;
    output.resize(good ? stream.total_out : 0);
    lzma_end(&stream);
    return output;
}

TEST_P(Decompress, AgreesWithLiblzma) {
    if (GetParam().format != Format::xz && GetParam().format != Format::lzma) return;
    unsigned accepted = 0;
    for (std::size_t at = 0; at < input().size(); ++at) {
        std::vector<std::byte> spoilt(input().data(), input().data() + input().size());
        spoilt[at] ^= static_cast<std::byte>(1u << at % 8);
        const Bytes bytes(std::span<const std::byte>{spoilt});
        const std::vector<std::byte> reference = by_liblzma(GetParam().format, bytes);
        const auto written = run(bytes, test::sample_bytes);
        if (reference.empty()) continue; // liblzma also checks the index, which is not read here
        ++accepted;
        ASSERT_TRUE(written) << at << ": " << written.failure().what;
        ASSERT_EQ(*written, reference.size()) << at;
        EXPECT_TRUE(std::equal(reference.begin(), reference.end(), output_.begin())) << at;
    }
    EXPECT_EQ(by_liblzma(GetParam().format, input()), test::sample());
    EXPECT_LT(accepted, input().size());
}

TEST(Recognise, Others) {
    const auto of = [](const char* text, std::size_t size) {
        return recognise(Bytes(std::as_bytes(std::span(text, size))));
    };
    EXPECT_EQ(of("\x89LZO\0\r\n\x1a\n", 9), Format::lzo);
    EXPECT_EQ(of("\x7f"
                 "ELF",
                 4),
              Format::none);
    EXPECT_EQ(of("", 0), Format::none);
    test::FakeDomain domain(64, 1);
    Workspace workspace(domain);
    EXPECT_FALSE(decompress(Format::lzo, Bytes(), Output(), workspace));
    EXPECT_FALSE(decompress(Format::none, Bytes(), Output(), workspace));
}

TEST(WorkspaceTest, BlocksAreDistinctAndGivenBack) {
    test::FakeDomain domain(1000, 10);
    const std::uint64_t before = domain.used_count();
    {
        Workspace workspace(domain);
        auto* a = static_cast<std::byte*>(workspace.allocate(10));
        auto* b = static_cast<std::byte*>(workspace.allocate(10));
        ASSERT_TRUE(a != nullptr && b != nullptr);
        EXPECT_GE(b - a, 10);
        void* large = workspace.allocate(100'000);
        ASSERT_NE(large, nullptr);
        const std::uint64_t with_large = domain.used_count();
        workspace.release(large);
        EXPECT_EQ(domain.used_count(), with_large - 25);
        workspace.release(nullptr);
        EXPECT_EQ(workspace.allocate(std::uint64_t{1} << 40), nullptr);
    }
    EXPECT_EQ(domain.used_count(), before);
}

} // namespace
} // namespace skerry::start_in_place
