// SPDX-License-Identifier: MIT
// A set of CPUs. add() and remove() are atomic; copying reads each word once.
#pragma once

#include "base/types.h"

namespace skerry {

inline constexpr uint32_t max_cpus = 256;

class CpuSet {
  public:
    constexpr CpuSet() = default;
    CpuSet(const CpuSet& other) { *this = other; }
    CpuSet& operator=(const CpuSet& other) {
        for (uint32_t i = 0; i < words; ++i) bits_[i] = other.word(i);
        return *this;
    }
    static CpuSet of(CpuId cpu) {
        CpuSet set;
        set.bits_[cpu.value / 64] = mask(cpu);
        return set;
    }

    static CpuSet all() {
        CpuSet set;
        for (uint64_t& word : set.bits_) word = ~uint64_t{0};
        return set;
    }

    // True if it was not there before. The pre-check keeps the cache line shared and saves the locked instruction in
    // the usual case.
    bool add(CpuId cpu) {
        if (contains(cpu)) return false;
        return !(__atomic_fetch_or(&bits_[cpu.value / 64], mask(cpu), __ATOMIC_SEQ_CST) & mask(cpu));
    }
    // True if it was there: of several that take it out at the same time, for one.
    bool remove(CpuId cpu) {
        return __atomic_fetch_and(&bits_[cpu.value / 64], ~mask(cpu), __ATOMIC_SEQ_CST) & mask(cpu);
    }
    bool contains(CpuId cpu) const { return word(cpu.value / 64) & mask(cpu); }
    bool is_empty() const {
        uint64_t any = 0;
        for (uint32_t i = 0; i < words; ++i) any |= word(i);
        return !any;
    }
    bool is_only(CpuId cpu) const {
        for (uint32_t i = 0; i < words; ++i)
            if (bits_[i] != (i == cpu.value / 64 ? mask(cpu) : 0)) return false;
        return true;
    }
    friend CpuSet operator&(CpuSet a, const CpuSet& b) {
        for (uint32_t i = 0; i < words; ++i) a.bits_[i] &= b.word(i);
        return a;
    }
    friend bool operator==(const CpuSet&, const CpuSet&) = default;
    uint32_t count() const {
        uint32_t n = 0;
        for_each([&](CpuId) { ++n; });
        return n;
    }
    template <typename F> void for_each(F&& f) const {
        for (uint32_t i = 0; i < words; ++i)
            for (uint64_t left = bits_[i]; left; left &= left - 1)
                f(CpuId(i * 64 + static_cast<uint32_t>(__builtin_ctzll(left))));
    }
    // 64 CPUs at a time, or 8, for bitmaps of the ABI (little-endian, as this machine).
    static constexpr uint32_t words = max_cpus / 64;
    uint64_t word(uint32_t i) const { return __atomic_load_n(&bits_[i], __ATOMIC_RELAXED); }
    uint8_t byte(uint32_t i) const { return reinterpret_cast<const uint8_t*>(bits_)[i]; }
    void set_byte(uint32_t i, uint8_t value) { reinterpret_cast<uint8_t*>(bits_)[i] = value; }

  private:
    static constexpr uint64_t mask(CpuId cpu) { return uint64_t{1} << (cpu.value % 64); }
    uint64_t bits_[words] = {};
};

} // namespace skerry
