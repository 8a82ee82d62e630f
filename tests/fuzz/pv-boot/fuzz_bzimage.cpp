// SPDX-License-Identifier: MIT
// The bzImage header: the payload lies inside the file.
#include "stubdoms/pv-boot/start_in_place/bzimage.h"

#include <cstdlib>

using namespace skerry::start_in_place;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes file(std::as_bytes(std::span(data, size)));
    const Result<Payload> payload = find_payload(file);
    if (payload && (payload->compressed.data() < file.data() || payload->compressed.size() > file.size() ||
                    payload->compressed.data() + payload->compressed.size() > file.data() + file.size()))
        std::abort();
    return 0;
}
