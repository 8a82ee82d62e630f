// SPDX-License-Identifier: MIT
// The FPU and vector registers of a vCPU in memory: one page in xsave format (or fxsave's, on a machine without XSAVE).
// The format is the standard one of the Intel SDM volume 1, 13.4. xen-core never uses these registers itself, so they
// are saved and restored only when a CPU changes from one vCPU to another.
#pragma once

#include "arch/x86_64/features.h"

namespace skerry {

// Begins as after reset: nothing set, all exceptions masked.
class ExtendedState {
  public:
    // The legacy part from a vcpu_guest_context's fpu_ctxt. Reserved MXCSR bits are cleared: a restore must not fault.
    void set_legacy(const void* fxsave_image);
    void get_legacy(void* fxsave_image) const;

    // This CPU's registers. CR0.TS must be clear and XCR0 must be cpu_features.xcr0.
    void save() {
        if (cpu_features.xsaveopt) [[likely]]
            xsaveopt(this, cpu_features.xcr0);
        else if (cpu_features.xsave)
            xsave(this, cpu_features.xcr0);
        else
            fxsave(this);
    }
    void restore() const {
        if (cpu_features.xsave) [[likely]]
            xrstor(this, cpu_features.xcr0);
        else
            fxrstor(this);
    }

  private:
    static constexpr uint16_t initial_control_word = 0x37f;
    static constexpr uint32_t initial_mxcsr = 0x1f80;

    struct Legacy {
        uint16_t control_word = initial_control_word;
        uint16_t status_word = 0;
        uint8_t tag_word = 0;
        uint8_t reserved = 0;
        uint16_t opcode = 0;
        uint64_t instruction = 0, operand = 0;
        uint32_t mxcsr = initial_mxcsr, mxcsr_mask = 0;
        uint8_t x87_registers[128] = {};
        uint8_t sse_registers[352] = {}; // and the rest
    };
    static_assert(sizeof(Legacy) == 512);

    Legacy legacy_;
    uint64_t components_ = 0; // XSTATE_BV: which of them are not in their initial state
    uint64_t compaction_ = 0; // XCOMP_BV: 0 for the standard format
    uint8_t rest_[page_size - sizeof(Legacy) - 16] = {};
};
static_assert(sizeof(ExtendedState) == page_size);

} // namespace skerry
