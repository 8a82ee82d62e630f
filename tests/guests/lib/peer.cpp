// SPDX-License-Identifier: MIT
#include "lib/peer.h"

#include "lib/guest.h"
#include "lib/vcpu.h"

extern "C" char virt_base[], image_start[], image_end[], stacks_end_of_vcpu0[];

namespace skerry::guest {

alignas(4096) Mailbox mailbox;
bool is_peer;
static unsigned used_views = 128; // window slots 0-127 are the cases', the rest ours; slot 127 is scratch
static constexpr unsigned scratch = 127;

long Peer::step(const char* what, long result) {
    if (result < 0) print("peer: %s returned %ld\n", what, result);
    return result;
}

// First function of a peer: what was its parent's own must not be taken for its own.
static void (*peer_function)();
static void peer_start() {
    current_attempt[0] = current_attempt[1] = nullptr;
    forget_grant_table();
    peer_function();
}

static uint64_t first_pfn() { return pfn_of(image_start); }

uint64_t Peer::frame_of(const void* at) const { return frames_[pfn_of(at) - first_pfn()]; }

// The peer's page `index` in the scratch slot, writable.
void* Peer::open(unsigned index) {
    if (step("mapping a page of the peer", window_map(scratch, entry(frames_[index], page_flags), dom)) < 0)
        return nullptr;
    return window(scratch);
}

long Peer::build_memory() {
    image_ = static_cast<unsigned>(pfn_of(image_end) - first_pfn());
    first_table_ = image_;
    total_ = image_ + 8;
    if (total_ > sizeof frames_ / sizeof *frames_) return step("image too large", einval);
    for (unsigned done = 0; done < total_;) {
        const unsigned batch = total_ - done < 256 ? total_ - done : 256;
        for (unsigned i = 0; i < batch; i++) frames_[done + i] = first_pfn() + done + i;
        xen_memory_reservation call{};
        set_xen_guest_handle(call.extent_start, reinterpret_cast<xen_pfn_t*>(frames_ + done));
        call.nr_extents = batch;
        call.domid = static_cast<domid_t>(dom);
        const long result = memory_op(XENMEM_populate_physmap, &call);
        if (result != static_cast<long>(batch)) return step("populate_physmap", result < 0 ? result : enomem);
        done += batch;
    }
    return 0;
}

// Page tables of the peer: [L4, L3, L2, L1...] after the image, mapped read-only behind it at their own addresses.
long Peer::build_tables() {
    const uint64_t l4 = frames_[first_table_], l3 = frames_[first_table_ + 1], l2 = frames_[first_table_ + 2];
    const unsigned long base = reinterpret_cast<unsigned long>(virt_base);
    auto put = [&](unsigned table, unsigned long slot, uint64_t value) {
        auto* page = static_cast<uint64_t*>(open(table));
        if (page != nullptr) page[slot & 511] = value;
    };
    for (unsigned i = 0; i < 8; i++) memset(open(first_table_ + i), 0, 4096);
    put(first_table_, base >> 39, entry(l3, table_flags));
    put(first_table_ + 1, base >> 30, entry(l2, table_flags));
    for (unsigned i = 0; i < total_; i++) {
        const uint64_t pfn = first_pfn() + i;
        const unsigned l1 = first_table_ + 3 + static_cast<unsigned>((pfn >> 9) - (first_pfn() >> 9));
        if (l1 >= total_) return step("too few tables", einval);
        put(first_table_ + 2, (base >> 21) + (pfn >> 9), entry(frames_[l1], table_flags));
        uint64_t value = entry(frames_[i], i < first_table_ ? page_flags : page_flags & ~pte_write);
        if (pfn == pfn_of(shared)) {
            xen_domctl call{};
            call.cmd = XEN_DOMCTL_getdomaininfo;
            call.domain = static_cast<domid_t>(dom);
            if (const long result = step("getdomaininfo", domctl(call)); result < 0) return result;
            value = entry(call.u.getdomaininfo.shared_info_frame, page_flags);
        }
        put(l1, pfn, value);
    }
    if (const long result = window_unmap(scratch); result < 0) return result;
    return step("pinning the peer's L4", pin(4, l4, dom));
}

long Peer::create(void (*function)(), unsigned vcpus) {
    xen_domctl call{};
    call.cmd = XEN_DOMCTL_createdomain;
    call.u.createdomain.max_vcpus = vcpus;
    call.u.createdomain.max_evtchn_port = -1;
    call.u.createdomain.max_grant_frames = 32;
    call.u.createdomain.max_maptrack_frames = 64;
    call.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(2);
    if (const long result = step("createdomain", domctl(call)); result < 0) return result;
    dom = call.domain;

    xen_domctl cpus{};
    cpus.cmd = XEN_DOMCTL_max_vcpus;
    cpus.domain = static_cast<domid_t>(dom);
    cpus.u.max_vcpus.max = vcpus;
    if (const long result = step("max_vcpus", domctl(cpus)); result < 0) return result;

    xen_domctl limit{};
    limit.cmd = XEN_DOMCTL_max_mem;
    limit.domain = static_cast<domid_t>(dom);
    limit.u.max_mem.max_memkb = 16 * 1024;
    if (const long result = step("max_mem", domctl(limit)); result < 0) return result;
    if (const long result = build_memory(); result < 0) return result;
    for (unsigned i = 0; i < image_; i++) {
        void* page = open(i);
        if (page == nullptr) return efault;
        memcpy(page, image_start + i * 4096UL, 4096);
    }
    window_unmap(scratch);
    if (const long result = build_tables(); result < 0) return result;

    *view(&is_peer) = true;
    view(&boot_info)->pt_base = reinterpret_cast<unsigned long>(virt_base) + ((first_pfn() + first_table_) << 12);
    view(&boot_info)->nr_pages = total_;
    for (unsigned i = 0; i < total_; i++) *view(physical_to_machine_slot(first_pfn() + i)) = frames_[i];
    *view(&peer_function) = function;
    mail = view(&mailbox)->word;

    static vcpu_guest_context context;
    fill_context(context, peer_start, stacks_end_of_vcpu0);
    context.flags |= VGCF_online;
    context.ctrlreg[3] = xen_pfn_to_cr3(frames_[first_table_]);
    xen_domctl start{};
    start.cmd = XEN_DOMCTL_setvcpucontext;
    start.domain = static_cast<domid_t>(dom);
    set_xen_guest_handle(start.u.vcpucontext.ctxt, reinterpret_cast<vcpu_guest_context_t*>(&context));
    return step("setvcpucontext", domctl(start));
}

static long simple(unsigned dom, unsigned command) {
    xen_domctl call{};
    call.cmd = command;
    call.domain = static_cast<domid_t>(dom);
    return domctl(call);
}
long Peer::unpause() { return simple(dom, XEN_DOMCTL_unpausedomain); }
long Peer::pause() { return simple(dom, XEN_DOMCTL_pausedomain); }

unsigned long Peer::view_address(unsigned long at) {
    const unsigned long page = at & ~4095UL;
    for (unsigned i = 0; i < views_; i++) {
        if (viewed_[i] == page) return reinterpret_cast<unsigned long>(window(used_views + i)) | (at & 4095);
    }
    viewed_[views_] = page;
    if (step("viewing the peer",
             window_map(used_views + views_, entry(frame_of(reinterpret_cast<void*>(at)), page_flags), dom)) < 0) {
        print("verdict: broken cannot map the peer's memory\n");
        shutdown(SHUTDOWN_crash);
    }
    return reinterpret_cast<unsigned long>(window(used_views + views_++)) | (at & 4095);
}

int Peer::shutdown_reason() const {
    xen_domctl call{};
    call.cmd = XEN_DOMCTL_getdomaininfo;
    call.domain = static_cast<domid_t>(dom);
    if (domctl(call) < 0 || call.domain != dom || (call.u.getdomaininfo.flags & XEN_DOMINF_shutdown) == 0) return -1;
    return static_cast<int>(call.u.getdomaininfo.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask);
}
bool Peer::wait_shutdown(unsigned reason) {
    return wait_for([&] { return shutdown_reason() >= 0; }) && shutdown_reason() == static_cast<int>(reason);
}

void Peer::close_views() {
    for (unsigned i = 0; i < views_; i++) window_unmap(used_views + i);
    views_ = 0;
}

long Peer::destroy() {
    close_views();
    return simple(dom, XEN_DOMCTL_destroydomain);
}

} // namespace skerry::guest
