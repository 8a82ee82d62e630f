// SPDX-License-Identifier: MIT
#include "builder-domain/create/contents.h"

#include "builder-domain/create/failures.h"
#include "builder-domain/create/first_vcpu.h"
#include "builder-domain/create/page_tables.h"

#include <algorithm>
#include <cstring>

namespace skerry::builder {
namespace {

static_assert(sizeof(start_info_t) <= page_size && MAX_GUEST_CMDLINE == 1024);
static_assert(XEN_LEGACY_MAX_VCPUS == max_vcpus);
static_assert(sizeof(grant_entry_v1_t) == 8 && GNTTAB_RESERVED_CONSOLE == 0 && GNTTAB_RESERVED_XENSTORE == 1);
static_assert(first_channel_entry == GNTTAB_RESERVED_XENSTORE + 1 &&
              first_channel_entry + max_channels == GNTTAB_NR_RESERVED_ENTRIES);

class Filler {
  public:
    Filler(Hypervisor& hypervisor, DomId domain, const Contents& contents, const Layout& layout)
        : hypervisor_(hypervisor), domain_(domain), contents_(contents), layout_(layout), memory_(hypervisor, domain) {}

    Status fill();

  private:
    Status write_image();
    Status write_payload();
    Status write_p2m();
    Status write_start_info();
    Status write_shared_info();
    Status write_grants();
    Status write_hypercall_page();
    Status pin_tables();

    void compose_start_info(start_info_t& info) const;
    Mfn root() const { return memory_.frame_of(layout_.tables.first_page()); }

    Hypervisor& hypervisor_;
    DomId domain_;
    const Contents& contents_;
    const Layout& layout_;
    Mfn shared_info_{};
    GuestMemory memory_;
};

Status Filler::fill() {
    BUILDER_TRY(memory_.populate(layout_.total_pages));
    BUILDER_TRY(write_image());
    BUILDER_TRY(write_payload());
    BUILDER_TRY(write_p2m());
    BUILDER_TRY(write_shared_info());
    BUILDER_TRY(write_start_info());
    BUILDER_TRY(write_page_tables(memory_, layout_));
    BUILDER_TRY(write_grants());
    BUILDER_TRY(memory_.close());
    BUILDER_TRY(write_hypercall_page());
    BUILDER_TRY(pin_tables());
    return start_first_vcpu(hypervisor_, domain_,
                            {.entry = contents_.image.entry,
                             .stack = layout_.address_of(layout_.stack + 1),
                             .start_info = layout_.address_of(layout_.start_info),
                             .root = root()});
}

Status Filler::write_image() {
    for (const Segment& segment : contents_.image.segments)
        BUILDER_TRY(memory_.write(segment.address - layout_.virt_base, segment.bytes));
    return {};
}

Status Filler::write_payload() {
    uint64_t base = layout_.module.first * page_size;
    return contents_.payload.for_each_piece(
        [&](const Payload::Piece& piece) { return memory_.write(base + piece.offset, piece.bytes); });
}

Status Filler::write_p2m() {
    constexpr uint64_t per_page = page_size / sizeof(xen_pfn_t);
    return memory_.fill_pages(layout_.p2m, [&](std::byte* page, uint64_t pfn) {
        auto* list = reinterpret_cast<xen_pfn_t*>(page);
        uint64_t first = (pfn - layout_.p2m.first) * per_page;
        uint64_t end = std::min(first + per_page, layout_.total_pages);
        memory_.each_stretch(first, end, [&](uint64_t at, uint64_t frame, uint64_t count) {
            for (uint64_t i = 0; i < count; ++i) list[at - first + i] = frame + i;
        });
        for (uint64_t i = end - first; i < per_page; ++i) list[i] = ~xen_pfn_t{0};
    });
}

// The hypervisor made the page and cleared it. Events are to stay masked until the guest can take them.
Status Filler::write_shared_info() {
    xen_domctl_t question{};
    question.cmd = XEN_DOMCTL_getdomaininfo;
    question.domain = domain_.value;
    BUILDER_TRY(check(hypervisor_.domctl(question), "asking for its shared info page"));
    shared_info_ = Mfn(question.u.getdomaininfo.shared_info_frame);
    return memory_.fill_frame(shared_info_, [](std::byte* page) {
        auto* shared = reinterpret_cast<shared_info_t*>(page);
        for (auto& vcpu : shared->vcpu_info) vcpu.evtchn_upcall_mask = 1;
    });
}

Status Filler::write_start_info() {
    return memory_.fill_pages({layout_.start_info, 1}, [&](std::byte* page, uint64_t) {
        compose_start_info(*reinterpret_cast<start_info_t*>(page));
    });
}

void Filler::compose_start_info(start_info_t& info) const {
    constexpr std::string_view magic = "xen-3.0-x86_64";
    std::memcpy(info.magic, magic.data(), magic.size());
    info.nr_pages = layout_.total_pages;
    info.shared_info = shared_info_.value * page_size;
    // Both pages are always there; port 0, which no channel ever is, says that nobody serves them.
    info.store_mfn = memory_.frame_of(layout_.store).value;
    info.store_evtchn = contents_.store.port.value_or(Port(0)).value;
    info.console.domU.mfn = memory_.frame_of(layout_.console).value;
    info.console.domU.evtchn = contents_.console.port.value_or(Port(0)).value;
    info.pt_base = layout_.address_of(layout_.tables.first_page());
    info.nr_pt_frames = layout_.tables.pages();
    info.mfn_list = layout_.p2m_address;
    if (layout_.p2m_tables.pages() != 0) {
        info.first_p2m_pfn = layout_.p2m.first;
        info.nr_p2m_frames = layout_.p2m.count + layout_.p2m_tables.pages();
    }
    info.mod_len = layout_.module_bytes;
    if (layout_.module_bytes != 0 && layout_.module_mapped) {
        info.mod_start = layout_.address_of(layout_.module.first);
    } else if (layout_.module_bytes != 0) {
        info.mod_start = layout_.module.first;
        info.flags |= SIF_MOD_START_PFN;
    }
    contents_.cmdline.copy(reinterpret_cast<char*>(info.cmd_line), contents_.cmdline.size());
}

// The two grants that console and store domains rely on, entries 0 and 1 of the guest's table (xen/grant_table.h), and
// those of its channels.
Status Filler::write_grants() {
    if (!contents_.console.port && !contents_.store.port && contents_.channels.empty()) return {};
    static xen_pfn_t frame; // static because the hypervisor writes to it
    gnttab_setup_table_t setup{};
    setup.dom = domain_.value;
    setup.nr_frames = 1;
    set_xen_guest_handle(setup.frame_list, &frame);
    BUILDER_TRY(check(hypervisor_.grant_table_op(GNTTABOP_setup_table, &setup, 1), "setting up its grant table"));
    if (setup.status != GNTST_okay) return Failure() << "setting up its grant table: grant status " << setup.status;
    return memory_.fill_frame(Mfn(frame), [&](std::byte* page) {
        auto* entries = reinterpret_cast<grant_entry_v1_t*>(page);
        auto lend = [&](unsigned reference, const Connection& connection, uint64_t pfn) {
            entries[reference].domid = connection.server.value;
            entries[reference].frame = static_cast<uint32_t>(memory_.frame_of(pfn).value);
            entries[reference].flags = GTF_permit_access;
        };
        if (contents_.console.port) lend(GNTTAB_RESERVED_CONSOLE, contents_.console, layout_.console);
        if (contents_.store.port) lend(GNTTAB_RESERVED_XENSTORE, contents_.store, layout_.store);
        for (unsigned i = 0; i < contents_.channels.size(); ++i)
            lend(first_channel_entry + i, contents_.channels[i], layout_.channels.first + i);
    });
}

Status Filler::write_hypercall_page() {
    if (!contents_.image.hypercall_page) return {};
    xen_domctl_t operation{};
    operation.cmd = XEN_DOMCTL_hypercall_init;
    operation.domain = domain_.value;
    uint64_t pfn = (*contents_.image.hypercall_page - layout_.virt_base) / page_size;
    operation.u.hypercall_init.gmfn = memory_.frame_of(pfn).value;
    return check(hypervisor_.domctl(operation), "writing its hypercall page");
}

Status Filler::pin_tables() {
    mmuext_op_t pin{};
    pin.cmd = MMUEXT_PIN_L4_TABLE;
    pin.arg1.mfn = root().value;
    return check(hypervisor_.mmuext_op({&pin, 1}, domain_), "pinning its page tables");
}

} // namespace

Status fill_domain(Hypervisor& hypervisor, DomId domain, const Contents& contents) {
    auto layout =
        plan_layout(contents.image, contents.memory_pages, contents.payload.bytes(), contents.channels.size());
    BUILDER_TRY(layout);
    if (contents.cmdline.size() >= MAX_GUEST_CMDLINE)
        return Failure() << "its command line is longer than " << MAX_GUEST_CMDLINE - 1 << " characters";
    return Filler(hypervisor, domain, contents, layout.value()).fill();
}

} // namespace skerry::builder
