// SPDX-License-Identifier: MIT
// The table of all frames, indexed by machine frame number. boot/ maps and zeroes it before anything else of memory/
// runs: sizeof(Frame) bytes for each number 0..max_mfn at layout::frame_table; stretches without any RAM are backed by
// one shared page of zeroes, so that every number up to max_mfn can be looked at (a zero word: a hole, nothing can be
// taken from it).
#pragma once

#include "arch/x86_64/layout.h"
#include "memory/frame.h"

namespace skerry {

#ifdef SKERRY_HOST
inline Frame* frame_table_base = nullptr; // set by the test's machine
#else
inline Frame* const frame_table_base = reinterpret_cast<Frame*>(layout::frame_table);
#endif

// The greatest frame number that the table covers, and the first one that the machine cannot address at all
// (1 << (physical address bits - 12)). Set once by boot/ through set_frame_limits().
extern uint64_t max_mfn_value;
extern uint64_t mfn_limit_value;
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

} // namespace skerry
