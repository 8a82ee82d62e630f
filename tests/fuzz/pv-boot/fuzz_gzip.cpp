// SPDX-License-Identifier: MIT
#include "fuzz_decompress.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return skerry::test::fuzz_decompress(skerry::start_in_place::Format::gzip, data, size);
}
