// SPDX-License-Identifier: MIT
#include "domain/extended_state.h"

#include "arch/x86_64/features.h"

#include <string.h>

namespace skerry {
namespace {

constexpr size_t legacy_size = 512;
constexpr size_t x87_registers_size = 128;
constexpr uint16_t initial_control_word = 0x37f;
constexpr uint32_t initial_mxcsr = 0x1f80;
constexpr uint32_t mxcsr_settable = 0xffff; // every CPU that has XSAVE accepts denormals-are-zero

struct LegacyState {
    uint16_t control_word;
    uint16_t status_word;
    uint8_t tag_word;
    uint8_t reserved;
    uint16_t opcode;
    uint64_t instruction, operand;
    uint32_t mxcsr, mxcsr_mask;
    uint8_t registers[480];
};
static_assert(sizeof(LegacyState) == legacy_size);

struct XsaveArea {
    LegacyState legacy;
    uint64_t components; // XSTATE_BV: which of them are not in their initial state
    uint64_t compaction; // XCOMP_BV: 0 for the standard format
    uint64_t reserved[6];
};

} // namespace

void initialise_extended_state(void* page) {
    memset(page, 0, page_size);
    auto& area = *static_cast<XsaveArea*>(page);
    area.legacy.control_word = initial_control_word;
    area.legacy.mxcsr = initial_mxcsr;
}

void set_legacy_state(void* page, const void* fxsave_image) {
    auto& area = *static_cast<XsaveArea*>(page);
    memcpy(&area.legacy, fxsave_image, legacy_size);
    area.legacy.mxcsr &= mxcsr_settable;
    area.components = xstate::x87 | xstate::sse;
}

void get_legacy_state(const void* page, void* fxsave_image) {
    const auto& area = *static_cast<const XsaveArea*>(page);
    LegacyState state = area.legacy;
    // A component in its initial state is marked so, and its bytes are whatever they were.
    if (cpu_features.xsave && !(area.components & xstate::x87)) {
        memset(&state, 0, offsetof(LegacyState, mxcsr));
        memset(state.registers, 0, x87_registers_size);
        state.control_word = initial_control_word;
    }
    if (cpu_features.xsave && !(area.components & xstate::sse))
        memset(state.registers + x87_registers_size, 0, sizeof(state.registers) - x87_registers_size);
    memcpy(fxsave_image, &state, sizeof(state));
}

void save_extended_state(void* page) {
    if (cpu_features.xsaveopt) [[likely]]
        xsaveopt(page, cpu_features.xcr0);
    else if (cpu_features.xsave)
        xsave(page, cpu_features.xcr0);
    else
        fxsave(page);
}

void restore_extended_state(const void* page) {
    if (cpu_features.xsave) [[likely]]
        xrstor(page, cpu_features.xcr0);
    else
        fxrstor(page);
}

} // namespace skerry
