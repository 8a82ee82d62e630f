// SPDX-License-Identifier: MIT
// Linux's bzImage: where its compressed payload (an ELF file) lies. Reference: Documentation/arch/x86/boot.rst of
// Linux.
#pragma once

#include "bytes.h"
#include "result.h"

namespace skerry::start_in_place {

struct Payload {
    Bytes compressed;                 // may be followed by its unpacked size, four bytes
    std::uint64_t unpacked_bytes = 0; // as that size says, not checked against anything
};

bool is_bzimage(Bytes file);
Result<Payload> find_payload(Bytes file);

} // namespace skerry::start_in_place
