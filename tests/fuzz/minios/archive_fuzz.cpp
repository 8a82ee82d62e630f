// SPDX-License-Identifier: MIT
// libFuzzer target: the cpio archive that a program finds in a boot module. Every byte of every entry is looked at.
#include "minios/libc/archive_reader.h"

#include <cstdint>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    minios::libc::ArchiveReader reader(reinterpret_cast<const char*>(data), size);
    std::size_t sum = 0;
    for (minios::libc::ArchiveEntry entry; reader.next(entry);) {
        sum += std::strlen(entry.name);
        for (std::size_t i = 0; i < entry.size; ++i) sum += static_cast<unsigned char>(entry.data[i]);
    }
    [[maybe_unused]] static volatile std::size_t seen;
    seen = sum;
    return 0;
}
