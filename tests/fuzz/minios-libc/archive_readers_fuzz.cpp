// SPDX-License-Identifier: MIT
// Any bytes as a cpio and as a tar archive: names end, and every byte that an entry claims to have is there.
#include "minios/libc/cpio_reader.h"
#include "minios/libc/tar_reader.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

template <class Reader> void read_all(const std::uint8_t* bytes, std::size_t size) {
    using minios::libc::ArchiveEntry;
    static volatile unsigned sum;
    Reader reader(bytes, size);
    std::size_t entries = 0;
    for (ArchiveEntry entry; reader.next(entry);) {
        if (++entries > size) std::abort();
        sum = sum + static_cast<unsigned>(std::strlen(entry.name));
        if (entry.same_as != nullptr) sum = sum + static_cast<unsigned>(std::strlen(entry.same_as));
        for (std::size_t i = 0; i < entry.size; ++i) sum = sum + static_cast<unsigned char>(entry.data[i]);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    read_all<minios::libc::CpioReader>(bytes, size);
    read_all<minios::libc::TarReader>(bytes, size);
    return 0;
}

/// A change that leaves a header's check sum wrong is seldom interesting.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
    constexpr std::size_t block = 512, sum_at = 148, sum_size = 8;
    size = LLVMFuzzerMutate(data, size, most);
    if (seed % 4 == 0) return size;
    for (std::size_t at = 0; at + block <= size; at += block) {
        unsigned sum = 0;
        for (std::size_t i = 0; i < block; ++i) sum += i >= sum_at && i < sum_at + sum_size ? ' ' : data[at + i];
        for (std::size_t digit = 6; digit-- > 0; sum >>= 3)
            data[at + sum_at + digit] = static_cast<std::uint8_t>('0' + (sum & 7));
        data[at + sum_at + 6] = 0;
        data[at + sum_at + 7] = ' ';
    }
    return size;
}
