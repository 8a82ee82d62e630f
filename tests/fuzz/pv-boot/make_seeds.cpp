// SPDX-License-Identifier: MIT
// make_seeds DIRECTORY: writes DIRECTORY/<target>/<seed> for the fuzz targets of this folder.
#include "stubdoms/pv-boot/bundle.h"

#include "tests/unit/pv-boot/compressed_samples.h"
#include "tests/unit/pv-boot/test_kernel.h"

#include <filesystem>
#include <fstream>

using namespace skerry::test;

namespace {

std::filesystem::path root;

void write(const std::string& target, const std::string& name, std::span<const std::byte> bytes) {
    std::filesystem::create_directories(root / target);
    std::ofstream(root / target / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

template <std::size_t size> void write_sample(const std::string& format, const std::uint8_t (&sample)[size]) {
    File seed = {std::byte{0x20}, std::byte{0x4e}}; // room for sample_bytes
    const auto bytes = std::as_bytes(std::span(sample));
    seed.insert(seed.end(), bytes.begin(), bytes.end());
    write("pv-boot-" + format, "sample", seed);
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    root = argv[1];
    const File linux_like = TestKernel::like_linux(0x2000).file(), unikernel = TestKernel::like_unikernel().file();
    write("pv-boot-elf", "linux", linux_like);
    write("pv-boot-elf", "unikernel", unikernel);
    File start(1);
    start.insert(start.end(), unikernel.begin(), unikernel.end());
    write("pv-boot-start_in_place", "unikernel", start);
    start.resize(1);
    start.insert(start.end(), linux_like.begin(), linux_like.end());
    write("pv-boot-start_in_place", "linux", start);
    const auto gzip = std::as_bytes(std::span(sample_gzip));
    write("pv-boot-bzimage", "gzip", make_bzimage(File(gzip.begin(), gzip.end()), sample_bytes));
    const auto header = skerry::bundle::make_header(100, 200);
    File bundle(header.total_bytes);
    put(bundle, 0, header);
    write("pv-boot-bundle", "two", bundle);
    write_sample("gzip", sample_gzip);
    write_sample("xz", sample_xz);
    write_sample("lzma", sample_lzma);
    write_sample("bzip2", sample_bzip2);
    write_sample("lz4", sample_lz4);
    write_sample("zstd", sample_zstd);
}
