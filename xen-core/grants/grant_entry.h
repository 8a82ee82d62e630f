// SPDX-License-Identifier: MIT
// Access to grant entries in memory that the granting guest writes at any time: every field is read once, every change
// is one atomic operation. ABI: grant_entry_v1, grant_entry_v2, grant_status_t in <xen/grant_table.h>.
#pragma once

#include "base/types.h"

#include <atomic>
#include <xen/grant_table.h>
#include <xen/xen.h>

namespace skerry {

// flags in the low half, domid in the high half: both versions begin so.
struct GrantHeader {
    uint32_t raw;
    uint16_t flags() const { return static_cast<uint16_t>(raw); }
    DomId grantee() const { return DomId(static_cast<uint16_t>(raw >> 16)); }
    uint16_t type() const { return flags() & GTF_type_mask; }
};
static_assert(offsetof(grant_entry_v1_t, flags) == 0 && offsetof(grant_entry_v1_t, domid) == 2);
static_assert(offsetof(grant_entry_header_t, flags) == 0 && offsetof(grant_entry_header_t, domid) == 2);

// One entry of either version; `status` is null for version 1, whose flags carry the status bits.
class GrantEntry {
  public:
    GrantEntry(void* entry, grant_status_t* status) : entry_(entry), status_(status) {}
    bool is_v2() const { return status_; }

    GrantHeader header() const { return {__atomic_load_n(static_cast<uint32_t*>(entry_), __ATOMIC_ACQUIRE)}; }

    // Announces use, if the header is still `seen`. False: the guest changed it meanwhile, and nothing is announced
    // that was not before.
    bool announce(GrantHeader seen, uint16_t bits) const {
        if (!is_v2()) {
            uint32_t expected = seen.raw;
            return __atomic_compare_exchange_n(static_cast<uint32_t*>(entry_), &expected, seen.raw | bits, false,
                                               __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
        }
        uint16_t before = __atomic_fetch_or(status_, bits, __ATOMIC_SEQ_CST);
        if (header().raw == seen.raw) return true;
        __atomic_fetch_and(status_, static_cast<uint16_t>(~(bits & ~before)), __ATOMIC_SEQ_CST);
        return false;
    }
    void withdraw(uint16_t bits) const {
        uint16_t* word = is_v2() ? status_ : static_cast<uint16_t*>(entry_);
        __atomic_fetch_and(word, static_cast<uint16_t>(~bits), __ATOMIC_RELEASE);
    }

    Mfn frame() const {
        if (!is_v2()) return Mfn(__atomic_load_n(&v1().frame, __ATOMIC_RELAXED));
        return Mfn(__atomic_load_n(&v2().full_page.frame, __ATOMIC_RELAXED));
    }
    uint16_t sub_page_offset() const { return __atomic_load_n(&v2().sub_page.page_off, __ATOMIC_RELAXED); }
    uint16_t sub_page_length() const { return __atomic_load_n(&v2().sub_page.length, __ATOMIC_RELAXED); }
    DomId transitive_domain() const { return DomId(__atomic_load_n(&v2().transitive.trans_domid, __ATOMIC_RELAXED)); }
    GrantRef transitive_reference() const { return GrantRef(__atomic_load_n(&v2().transitive.gref, __ATOMIC_RELAXED)); }

    // Makes it grant a whole frame, while no guest looks.
    void fill(uint16_t flags, DomId grantee, Mfn frame) const {
        if (is_v2())
            v2().full_page = {{flags, grantee.value}, 0, frame.value};
        else
            v1() = {flags, grantee.value, static_cast<uint32_t>(frame.value)};
    }

  private:
    grant_entry_v1_t& v1() const { return *static_cast<grant_entry_v1_t*>(entry_); }
    grant_entry_v2_t& v2() const { return *static_cast<grant_entry_v2_t*>(entry_); }
    void* entry_;
    grant_status_t* status_;
};

} // namespace skerry
