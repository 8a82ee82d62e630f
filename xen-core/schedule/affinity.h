// SPDX-License-Identifier: MIT
// A set of physical CPUs on which an entity may (hard) or would rather (soft) run. Plain value; the scheduler guards
// it. ABI: XEN_DOMCTL_setvcpuaffinity's bitmap is little-endian bytes, so set_byte/byte copy it straight.
#pragma once

#include "base/types.h"

namespace skerry {

inline constexpr unsigned schedule_max_cpus = 256;

class Affinity {
  public:
    static constexpr unsigned words = schedule_max_cpus / 64;

    static constexpr Affinity all() {
        Affinity set;
        for (uint64_t& word : set.bits_) word = ~uint64_t{0};
        return set;
    }
    static constexpr Affinity only(CpuId cpu) {
        Affinity set;
        set.add(cpu);
        return set;
    }

    constexpr bool contains(CpuId cpu) const { return bits_[cpu.value / 64] >> (cpu.value % 64) & 1; }
    constexpr void add(CpuId cpu) { bits_[cpu.value / 64] |= uint64_t{1} << (cpu.value % 64); }
    constexpr void remove(CpuId cpu) { bits_[cpu.value / 64] &= ~(uint64_t{1} << (cpu.value % 64)); }
    constexpr bool is_empty() const { return !(bits_[0] | bits_[1] | bits_[2] | bits_[3]); }
    constexpr uint64_t word(unsigned index) const { return bits_[index]; }
    constexpr void set_word(unsigned index, uint64_t value) { bits_[index] = value; }
    constexpr uint8_t byte(unsigned index) const { return static_cast<uint8_t>(bits_[index / 8] >> (index % 8 * 8)); }
    constexpr void set_byte(unsigned index, uint8_t value) {
        unsigned shift = index % 8 * 8;
        bits_[index / 8] = (bits_[index / 8] & ~(uint64_t{0xff} << shift)) | uint64_t{value} << shift;
    }
    friend constexpr Affinity operator&(const Affinity& a, const Affinity& b) {
        Affinity set;
        for (unsigned i = 0; i < words; ++i) set.bits_[i] = a.bits_[i] & b.bits_[i];
        return set;
    }
    friend constexpr bool operator==(const Affinity&, const Affinity&) = default;

  private:
    uint64_t bits_[words] = {};
};
static_assert(Affinity::words == 4, "is_empty names each word");

} // namespace skerry
