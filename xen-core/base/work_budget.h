// SPDX-License-Identifier: MIT
// How long one entry into xen-core may work. Interrupts are off inside xen-core, so latency is bounded by counting
// work, not by polling for interrupts: every loop whose length a guest chooses spends units here, and returns
// Error::restart with its progress recorded when they are used up. The hypercall layer then re-executes the call after
// letting interrupts and the scheduler in.
#pragma once

#include <stdint.h>

namespace skerry {

class WorkBudget {
  public:
    // A unit is about one page-table entry or one frame handled: some 100 instructions.
    static constexpr int32_t units_per_entry = 2048;

    explicit WorkBudget(int32_t units = units_per_entry) : left_(units) {}

    // True while there is budget; the unit that makes it run out is still granted, so every call makes progress.
    bool spend(int32_t units = 1) {
        bool had = left_ > 0;
        left_ -= units;
        return had;
    }
    bool is_spent() const { return left_ <= 0; }

  private:
    int32_t left_;
};

} // namespace skerry
