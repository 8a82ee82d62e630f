// SPDX-License-Identifier: MIT
// GNTTABOP_copy: bytes between frames, each the caller's own or granted to it. Both sides are held while the copy runs.
#include "arch/x86_64/direct_map.h"
#include "hypercalls/grant_calls.h"

#include <string.h>

namespace skerry {
namespace {

// One side of a copy, given back at the end of its life.
class CopySide : NonCopyable {
  public:
    ~CopySide() {
        if (!is_held_) return;
        if (writes_)
            WritableRef::adopt(frame(frame_));
        else
            FrameRef::adopt(frame(frame_));
        if (granter_) granter_->grants.end_use(reference_, writes_);
        if (intermediate_) intermediate_->grants.end_use(intermediate_reference_, writes_);
    }

    Status hold_own(Caller& caller, domid_t owner, Mfn mfn, bool writes) {
        DomainRef domain = TRY(named_domain(caller, owner));
        if (&*domain != &caller.domain) return Error::not_permitted; // another domain's memory only through its grants
        if (writes) {
            WritableRef held = TRY_AS(take_writable(mfn, domain->account), Error::busy);
            held.release();
        } else {
            FrameRef held = TRY_AS(take_reference(mfn, domain->account), Error::busy);
            held.release();
        }
        settle(mfn, 0, page_size, writes);
        return success;
    }

    Status hold_granted(Caller& caller, domid_t granter, GrantRef reference, bool writes) {
        DomainRef domain = TRY(named_domain(caller, granter));
        GrantUse use = TRY(domain->grants.begin_use(reference, caller.domain.id, writes, false));
        if (use.is_transitive) {
            Status through = hold_transitive(domain, use, writes);
            if (!through.ok()) domain->grants.end_use(reference, writes);
            return through;
        }
        granter_ = std::move(domain);
        reference_ = reference;
        settle(use.frame, use.offset, use.length, writes);
        return success;
    }

    // The address of `length` bytes from `offset` on, if all of them may be touched.
    Result<uint8_t*> bytes(uint16_t offset, uint16_t length) const {
        if (offset + uint32_t{length} > page_size || offset < offset_ ||
            offset + uint32_t{length} > offset_ + uint32_t{length_})
            return Error::too_big;
        return to_pointer<uint8_t>(frame_) + offset;
    }

  private:
    // The granter passes on what a third domain granted to it: one step, never a chain.
    Status hold_transitive(DomainRef& through, const GrantUse& use, bool writes) {
        DomainRef source = TRY(domain_table.find(use.via_domain));
        GrantUse real = TRY(source->grants.begin_use(use.via_reference, through->id, writes, false));
        if (real.is_transitive) {
            source->grants.end_use(use.via_reference, writes);
            return Error::invalid;
        }
        intermediate_ = std::move(through);
        intermediate_reference_ = use.reference;
        granter_ = std::move(source);
        reference_ = use.via_reference;
        settle(real.frame, real.offset, real.length, writes);
        return success;
    }

    void settle(Mfn frame, uint16_t offset, uint16_t length, bool writes) {
        frame_ = frame;
        offset_ = offset;
        length_ = length;
        writes_ = writes;
        is_held_ = true;
    }

    DomainRef granter_, intermediate_;
    GrantRef reference_, intermediate_reference_;
    Mfn frame_;
    uint16_t offset_ = 0, length_ = 0;
    bool writes_ = false;
    bool is_held_ = false;
};

Status hold(Caller& caller, CopySide& side, const decltype(gnttab_copy_t::source)& end, bool is_granted, bool writes) {
    if (is_granted) return side.hold_granted(caller, end.domid, GrantRef(end.u.ref), writes);
    return side.hold_own(caller, end.domid, Mfn(end.u.gmfn), writes);
}

Status copy(Caller& caller, const gnttab_copy_t& request) {
    if (request.flags & ~(GNTCOPY_source_gref | GNTCOPY_dest_gref)) return Error::invalid;
    CopySide source, destination;
    TRY_STATUS(hold(caller, source, request.source, request.flags & GNTCOPY_source_gref, false));
    TRY_STATUS(hold(caller, destination, request.dest, request.flags & GNTCOPY_dest_gref, true));
    const uint8_t* from = TRY(source.bytes(request.source.offset, request.len));
    uint8_t* to = TRY(destination.bytes(request.dest.offset, request.len));
    memmove(to, from, request.len);
    return success;
}

} // namespace

void copy_grant(Caller& caller, gnttab_copy_t& request) {
    request.status = grant_status(copy(caller, request).error());
}

} // namespace skerry
