// SPDX-License-Identifier: MIT
// The table of all frames, indexed by machine frame number. boot/ maps and zeroes it before anything else of memory/
// runs: sizeof(Frame) bytes for each number 0..max_mfn at layout::frame_table; stretches without any RAM are backed by
// one shared page of zeroes, so that every number up to max_mfn can be looked at (a zero word: a hole, nothing can be
// taken from it). And its companion that guests read, the machine-to-physical table.
#pragma once

#include "arch/x86_64/layout.h"
#include "memory/frame.h"

namespace skerry {

#ifdef SKERRY_HOST
inline Frame* frame_table_base = nullptr; // set by the test's machine
inline uint64_t* m2p_base = nullptr;      // likewise: max_mfn + 1 entries
#else
inline Frame* const frame_table_base = reinterpret_cast<Frame*>(layout::frame_table);
inline uint64_t* const m2p_base = reinterpret_cast<uint64_t*>(layout::m2p_view);
#endif

// The greatest frame number that the table covers, and the first one that the machine cannot address at all
// (1 << (physical address bits - 12)). Set once by boot/ through set_frame_limits().
inline constinit uint64_t max_mfn_value = 0;
inline constinit uint64_t mfn_limit_value = 0;
void set_frame_limits(Mfn max, unsigned physical_address_bits);

inline Mfn max_mfn() { return Mfn(max_mfn_value); }

// `mfn` must be <= max_mfn().
inline Frame& frame(Mfn mfn) { return frame_table_base[mfn.value]; }
// nullptr beyond the table.
inline Frame* find_frame(Mfn mfn) { return mfn.value <= max_mfn_value ? &frame_table_base[mfn.value] : nullptr; }
// RAM that xen-core manages. What is not RAM stays so for good, and so does what is.
inline bool is_ram(Mfn mfn) { return mfn.value <= max_mfn_value && frame(mfn).word().is_ram(); }
// Not RAM, but a number that the machine can address: devices and firmware.
inline bool is_io(Mfn mfn) { return mfn.value < mfn_limit_value && !is_ram(mfn); }

inline Mfn Frame::mfn() const { return Mfn(static_cast<uint64_t>(this - frame_table_base)); }

inline void FrameList::append(Frame& added) {
    uint32_t number = static_cast<uint32_t>(added.mfn().value);
    added.previous_ = last_;
    added.next_ = none;
    (last_ == none ? first_ : frame(Mfn(last_)).next_) = number;
    last_ = number;
}
inline void FrameList::remove(Frame& removed) {
    (removed.previous_ == none ? first_ : frame(Mfn(removed.previous_)).next_) = removed.next_;
    (removed.next_ == none ? last_ : frame(Mfn(removed.next_)).previous_) = removed.previous_;
}

inline void Account::enlist(Mfn first, uint64_t frames) {
    Holding held(lock_);
    for (uint64_t i = 0; i < frames; ++i) listed_.append(frame(first + i));
}
inline void Account::delist(Frame& frame) {
    Holding held(lock_);
    listed_.remove(frame);
}
inline Mfn Account::first_frame() {
    Holding held(lock_);
    return listed_.first() == FrameList::none ? invalid_mfn : Mfn(listed_.first());
}

// The machine-to-physical table: for each frame, the pseudo-physical number that its owner gave it. Advice, never
// trusted by xen-core. Guests read all of it through the read-only view (<xen/arch-x86/xen-x86_64.h>,
// machine_to_phys_mapping). Entries of frames that nobody set read as invalid_m2p_entry.
inline constexpr uint64_t invalid_m2p_entry = ~uint64_t{0}; // INVALID_M2P_ENTRY of the ABI

// `mfn` must be RAM: only there is the table backed for writing.
inline void set_m2p(Mfn mfn, Pfn pfn) { __atomic_store_n(&m2p_base[mfn.value], pfn.value, __ATOMIC_RELAXED); }
inline void clear_m2p(Mfn mfn) { set_m2p(mfn, Pfn(invalid_m2p_entry)); }

} // namespace skerry
