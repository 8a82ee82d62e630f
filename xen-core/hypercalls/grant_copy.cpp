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

    Status hold(Caller& caller, const decltype(gnttab_copy_t::source)& end, bool is_granted, bool writes) {
        if (is_granted) {
            DomainRef granter = TRY(named_domain(caller, end.domid));
            return hold_granted(granter, caller.domain.id, GrantRef(end.u.ref), writes);
        }
        if (end.domid != DOMID_SELF) return Error::not_permitted; // others' memory only through their grants
        Mfn mfn(end.u.gmfn);
        if (writes)
            TRY_AS(take_writable(mfn, caller.domain.account), Error::busy).release();
        else
            TRY_AS(take_reference(mfn, caller.domain.account), Error::busy).release();
        settle({.reference = {}, .frame = mfn, .writes = writes});
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
    Status hold_granted(DomainRef& granter, DomId grantee, GrantRef reference, bool writes) {
        GrantUse use = TRY(granter->grants.begin_use(reference, grantee, writes, false));
        if (use.is_transitive) {
            Status through = hold_transitive(granter, use);
            if (!through.ok()) granter->grants.end_use(reference, writes);
            return through;
        }
        granter_ = std::move(granter);
        settle(use);
        return success;
    }

    // The granter passes on what a third domain granted to it: one step, never a chain.
    Status hold_transitive(DomainRef& through, const GrantUse& use) {
        DomainRef source = TRY(domain_table.find(use.via_domain));
        GrantUse real = TRY(source->grants.begin_use(use.via_reference, through->id, use.writes, false));
        if (real.is_transitive) {
            source->grants.end_use(use.via_reference, use.writes);
            return Error::invalid;
        }
        intermediate_ = std::move(through);
        intermediate_reference_ = use.reference;
        granter_ = std::move(source);
        settle(real);
        return success;
    }

    void settle(const GrantUse& use) {
        frame_ = use.frame;
        reference_ = use.reference;
        offset_ = use.offset;
        length_ = use.length;
        writes_ = use.writes;
        is_held_ = true;
    }

    bool is_held_ = false, writes_;
    uint16_t offset_, length_; // what may be touched, bytes
    Mfn frame_;
    GrantRef reference_, intermediate_reference_;
    DomainRef granter_, intermediate_; // none of an own frame
};

} // namespace

Status copy_grant(Caller& caller, gnttab_copy_t& request) {
    if (request.flags & ~(GNTCOPY_source_gref | GNTCOPY_dest_gref)) return Error::invalid;
    CopySide source, destination;
    TRY(source.hold(caller, request.source, request.flags & GNTCOPY_source_gref, false));
    TRY(destination.hold(caller, request.dest, request.flags & GNTCOPY_dest_gref, true));
    const uint8_t* from = TRY(source.bytes(request.source.offset, request.len));
    uint8_t* to = TRY(destination.bytes(request.dest.offset, request.len));
    memmove(to, from, request.len);
    return success;
}

} // namespace skerry
