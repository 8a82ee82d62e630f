// SPDX-License-Identifier: MIT
// The FPU and vector registers of a vCPU in memory: one page in xsave format (or fxsave's, on a machine without XSAVE).
// The format is the standard one of the Intel SDM volume 1, 13.4. xen-core never uses these registers itself, so they
// are saved and restored only when a CPU changes from one vCPU to another.
#pragma once

#include "arch/x86_64/features.h"

#include <string.h>

namespace skerry {

// Begins as after reset: nothing set, all exceptions masked.
class ExtendedState {
  public:
    // The legacy part from a vcpu_guest_context's fpu_ctxt. Reserved MXCSR bits are cleared: a restore must not fault.
    void set_legacy(const void* fxsave_image) {
        constexpr uint32_t mxcsr_settable = 0xffff; // every CPU that has XSAVE accepts denormals-are-zero
        memcpy(&legacy_, fxsave_image, sizeof(legacy_));
        legacy_.mxcsr &= mxcsr_settable;
        components_ = xstate::x87 | xstate::sse;
    }
    void get_legacy(void* fxsave_image) const {
        Legacy state = legacy_;
        // A component in its initial state is marked so, and its bytes are whatever they were.
        if (cpu_features.xsave && !(components_ & xstate::x87)) {
            state = Legacy();
            state.mxcsr = legacy_.mxcsr;
            state.mxcsr_mask = legacy_.mxcsr_mask;
            memcpy(state.sse_registers, legacy_.sse_registers, sizeof(state.sse_registers));
        }
        if (cpu_features.xsave && !(components_ & xstate::sse))
            memset(state.sse_registers, 0, sizeof(state.sse_registers));
        memcpy(fxsave_image, &state, sizeof(state));
    }

    // This CPU's registers. CR0.TS must be clear and XCR0 must be cpu_features.xcr0.
    void save() {
        if (LIKELY(cpu_features.xsaveopt))
            xsaveopt(this, cpu_features.xcr0);
        else if (cpu_features.xsave)
            xsave(this, cpu_features.xcr0);
        else
            fxsave(this);
    }
    void restore() const {
        if (LIKELY(cpu_features.xsave))
            xrstor(this, cpu_features.xcr0);
        else
            fxrstor(this);
    }

  private:
    struct Legacy {
        uint16_t control_word = 0x37f;
        uint8_t x87_status[22] = {}; // and tags, opcode, instruction and operand
        uint32_t mxcsr = 0x1f80, mxcsr_mask = 0;
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
