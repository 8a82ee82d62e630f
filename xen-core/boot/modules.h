// SPDX-License-Identifier: MIT
// What the boot loader loaded beside xen-core. Module 0 is the first domain's kernel. The frames stay reserved (not the
// allocator's) until release().
#pragma once

#include "arch/x86_64/direct_map.h"
#include "base/types.h"

#include <span>

namespace skerry {

struct BootModule {
    MachAddr start;           // page-aligned
    uint64_t size;            // bytes
    const char* command_line; // as the loader gave it, a leading file name included
    const char* arguments;    // the same after the file name

    std::span<const uint8_t> bytes() const { return {to_pointer<const uint8_t>(start), size}; }
    Mfn first_frame() const { return frame_of(start); }
    uint64_t frame_count() const { return (size + page_size - 1) >> page_shift; }
};

class BootModules {
  public:
    static constexpr size_t max_modules = 64;

    size_t count() const { return count_; }
    const BootModule& operator[](size_t i) const { return modules_[i]; }
    std::span<const BootModule> all() const { return {modules_, count_}; }
    // False when there are too many.
    bool add(const BootModule& module) {
        if (count_ == max_modules) return false;
        modules_[count_++] = module;
        return true;
    }

    // The module's bytes are no longer needed: its frames go to the allocator.
    void release(size_t index) const;

  private:
    BootModule modules_[max_modules]{};
    size_t count_ = 0;
};

} // namespace skerry
