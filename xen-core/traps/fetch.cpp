// SPDX-License-Identifier: MIT
#include "traps/fetch.h"

#include "arch/x86_64/guest_access.h"
#include "arch/x86_64/instructions.h"
#include "arch/x86_64/segments.h"
#include "memory/guest_copy.h"

#include <string.h>

namespace skerry {

InstructionBytes fetch_instruction(const RegisterFrame& frame) {
    InstructionBytes code{};
    GuestVirt at(frame.rip);
    size_t left_in_page = page_size - frame.rip % page_size;
    if (left_in_page >= 16 && is_guest_range(at, 16)) [[likely]] {
        uint64_t words[2];
        if (!read_guest_object(words, at)) return code;
        memcpy(code.bytes, words, max_instruction_length);
        code.count = max_instruction_length;
        return code;
    }
    size_t first = left_in_page < max_instruction_length ? left_in_page : max_instruction_length;
    if (!copy_from_guest(code.bytes, at, first).ok()) return code;
    code.count = static_cast<unsigned>(first);
    if (first < max_instruction_length &&
        copy_from_guest(code.bytes + first, at + first, max_instruction_length - first).ok())
        code.count = max_instruction_length;
    return code;
}

bool is_long_mode(const RegisterFrame& frame) {
    constexpr uint32_t long_code = 1 << 21;
    return frame.cs == selector::ring3_code64 ||
           (frame.cs != selector::ring3_code32 && (access_rights(frame.cs) & long_code));
}

bool advance(RegisterFrame& frame, unsigned length) {
    frame.rip += length;
    if (!is_long_mode(frame)) [[unlikely]]
        frame.rip &= 0xffffffff;
    frame.rflags &= ~rflags::resume;
    return frame.rflags & rflags::trap;
}

} // namespace skerry
