// SPDX-License-Identifier: MIT
// make-bundle KERNEL [RAMDISK] OUTPUT: packs what pv-boot expects as its domain's module (bundle.h). For tests; the
// builder domain does this on the platform.
#include "stubdoms/pv-boot/bundle.h"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

namespace {

bool read_file(const char* path, std::string& into) {
    std::ifstream file(path, std::ios::binary);
    into.assign(std::istreambuf_iterator<char>(file), {});
    if (file && !into.empty()) return true;
    std::fprintf(stderr, "make-bundle: %s cannot be read or is empty\n", path);
    return false;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 3 && argc != 4) {
        std::fprintf(stderr, "usage: make-bundle KERNEL [RAMDISK] OUTPUT\n");
        return 2;
    }
    std::string kernel, ramdisk;
    if (!read_file(argv[1], kernel) || (argc == 4 && !read_file(argv[2], ramdisk))) return 1;
    const skerry::bundle::BundleHeader header = skerry::bundle::make_header(kernel.size(), ramdisk.size());
    std::ofstream output(argv[argc - 1], std::ios::binary);
    const auto write_at = [&](std::uint64_t offset, const char* data, std::size_t size) {
        output.seekp(static_cast<std::streamoff>(offset));
        output.write(data, static_cast<std::streamsize>(size));
    };
    write_at(0, reinterpret_cast<const char*>(&header), sizeof(header));
    write_at(header.entries[0].offset, kernel.data(), kernel.size());
    if (!ramdisk.empty()) write_at(header.entries[1].offset, ramdisk.data(), ramdisk.size());
    output.close();
    if (output) return 0;
    std::fprintf(stderr, "make-bundle: cannot write %s\n", argv[argc - 1]);
    return 1;
}
