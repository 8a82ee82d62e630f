// SPDX-License-Identifier: MIT
// The first domain: module 0, a plain PV ELF.
//
// What it finds when it starts is the ABI's start-of-day layout (<xen/xen.h>): kernel, modules, p2m list, start_info,
// page tables and stack in one contiguous region, pseudo-physical frame 0 first. One module is passed on as it is;
// several as the multiboot list (SIF_MULTIBOOT_MOD): the area begins with the list, whose addresses count from the
// area's start.
#include "boot/first_domain_plan.h"
#include "boot/start.h"
#include "domain/domain.h"
#include "pv_mmu/entry_rules.h"

namespace skerry {
namespace {

constexpr uint64_t whole_pages(uint64_t bytes) { return pages_for(bytes) << page_shift; }

using Modules = std::span<const BootModule>;

// Lays the modules out, one as it is, or a list and the modules behind it. Calls `put` with each piece: where it goes
// (bytes from the area's start), its content and size. Returns the size of the whole.
template <typename F> uint64_t lay_out(Modules modules, F&& put) {
    if (modules.empty()) return 0;
    if (modules.size() == 1) {
        put(0, modules[0].bytes().data(), modules[0].size);
        return modules[0].size;
    }
    uint64_t entry_at = 0, text = (modules.size() + 1) * sizeof(xen_multiboot_mod_list), content = text;
    for (const BootModule& module : modules) content += strlen(module.command_line) + 1;
    for (const BootModule& module : modules) {
        content = whole_pages(content);
        xen_multiboot_mod_list entry{static_cast<uint32_t>(content), static_cast<uint32_t>(content + module.size - 1),
                                     static_cast<uint32_t>(text), 0};
        uint64_t text_size = strlen(module.command_line) + 1;
        put(entry_at, &entry, sizeof(entry));
        put(text, module.command_line, text_size);
        put(content, module.bytes().data(), module.size);
        entry_at += sizeof(entry);
        text += text_size;
        content += module.size;
    }
    return whole_pages(content);
}

uint64_t size_of(Modules modules) {
    return lay_out(modules, [](uint64_t, const void*, uint64_t) {});
}

// --- memory: contiguous from pseudo-physical frame 0, made of as few machine extents as there are ---

class FirstDomainMemory {
  public:
    // Charges `frames` to the account. False when the machine has not so much.
    bool allocate(Account& account, uint64_t frames) {
        for (unsigned order = max_order; frames_ < frames && extent_count_ < max_extents;) {
            bool fits = uint64_t{1} << order <= frames - frames_;
            Result<Mfn> extent = fits ? allocator.allocate(account, order) : Error::no_memory;
            if (extent.ok()) {
                extents_[extent_count_++] = {frames_, extent.value()};
                frames_ += uint64_t{1} << order;
            } else if (order-- == 0) {
                return false;
            }
        }
        return frames_ == frames;
    }

    uint64_t frames() const { return frames_; }
    // `pfn` must be below frames().
    Mfn machine_frame(uint64_t pfn) const {
        ASSERT(pfn < frames_);
        const Extent* next = std::ranges::upper_bound(extents_, extents_ + extent_count_, pfn, {}, &Extent::first_pfn);
        const Extent& extent = next[-1];
        return extent.first_mfn + (pfn - extent.first_pfn);
    }
    template <typename T = uint8_t> T* pointer(uint64_t pfn) const { return to_pointer<T>(machine_frame(pfn)); }
    // Copies to pseudo-physical address `to`, bytes; the range must lie inside.
    void copy(uint64_t to, const void* from, uint64_t bytes) const {
        auto* source = static_cast<const uint8_t*>(from);
        for (uint64_t now; bytes; to += now, source += now, bytes -= now) {
            now = std::min(page_size - to % page_size, bytes);
            memcpy(pointer(to >> page_shift) + to % page_size, source, now);
        }
    }

  private:
    static constexpr unsigned max_extents = 1024;
    struct Extent {
        uint64_t first_pfn;
        Mfn first_mfn;
    };
    uint64_t frames_ = 0;
    unsigned extent_count_ = 0;
    Extent extents_[max_extents]{};
};

constinit FirstDomainMemory memory;

// Without a wish: everything but a sixteenth (at most 128 MiB), which xen-core keeps for itself and other domains.
uint64_t memory_frames(const Options& options) {
    constexpr uint64_t largest_reserve = (128ull << 20) >> page_shift;
    uint64_t free = allocator.free_frames(), all_but_reserve = free - std::min(free / 16, largest_reserve);
    return options.first_domain_memory ? options.first_domain_memory >> page_shift : all_but_reserve;
}

// --- contents ---

// Also tells the machine-to-physical table.
void write_p2m(const FirstDomainLayout& layout) {
    for (uint64_t pfn = 0; pfn < memory.frames(); ++pfn) {
        Mfn mfn = memory.machine_frame(pfn);
        memory.copy((layout.p2m.pfn << page_shift) + pfn * sizeof(mfn), &mfn, sizeof(mfn));
        set_m2p(mfn, Pfn(pfn));
    }
}

void write_start_info(const Domain& domain, const FirstDomainLayout& layout, Modules modules, const char* arguments,
                      const char* more_arguments) {
    start_info_t& info = *memory.pointer<start_info_t>(layout.start_info.pfn);
    static constexpr char magic[] = "xen-3.0-x86_64";
    memcpy(info.magic, magic, sizeof(magic));
    info.nr_pages = memory.frames();
    info.shared_info = address_of(domain.shared_info_frame()).value;
    info.flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
    info.pt_base = layout.virt(layout.page_tables.pfn);
    info.nr_pt_frames = layout.page_tables.frames;
    info.mfn_list = layout.p2m_virt ? layout.p2m_virt : layout.virt(layout.p2m.pfn);
    if (layout.p2m_virt) {
        info.first_p2m_pfn = layout.p2m_tables.pfn;
        info.nr_p2m_frames = layout.p2m_tables.frames + layout.p2m.frames;
    }
    if (!modules.empty()) {
        info.mod_start = layout.modules_unmapped ? layout.modules.pfn : layout.virt(layout.modules.pfn);
        info.mod_len = size_of(modules);
        info.flags |= (layout.modules_unmapped ? SIF_MOD_START_PFN : 0) | (modules.size() > 1 ? SIF_MULTIBOOT_MOD : 0);
    }
    // The screen is described behind the structure: as none.
    info.console.dom0.info_off = sizeof(info);
    info.console.dom0.info_size = sizeof(dom0_vga_console_info);
    auto* line = reinterpret_cast<char*>(info.cmd_line);
    const char* space = *more_arguments ? " " : "";
    if (strlen(arguments) + strlen(space) + strlen(more_arguments) >= MAX_GUEST_CMDLINE)
        cannot_start("module 0: its command line is longer than %d bytes", MAX_GUEST_CMDLINE - 1);
    format_text(line, MAX_GUEST_CMDLINE, "%s%s%s", arguments, space, more_arguments);
}

// --- page tables, written while nothing uses them yet; pv_mmu validates them like any guest's ---

// Maps a piece of the pseudo-physical space at `virt`: the tables read-only. New tables are taken from `tables`.
void map_piece(const FirstDomainLayout& layout, FirstDomainLayout::Piece piece, uint64_t virt,
               FirstDomainLayout::Piece tables) {
    constexpr uint64_t flags = pte::present | pte::writable | pte::user | pte::accessed | pte::dirty;
    constexpr uint64_t page_flags = flags | rules::guest_kernel; // as pv_mmu would mark them
    uint64_t next_table = tables.pfn;
    for (uint64_t pfn = piece.pfn; pfn < piece.end(); ++pfn, virt += page_size) {
        Pte* slot = walk_tables(memory.machine_frame(layout.page_tables.pfn), virt, 1, [&](Pte* entry, unsigned) {
            ASSERT(entry->is_present() || next_table < tables.end());
            if (!entry->is_present()) *entry = Pte(memory.machine_frame(next_table++), flags);
            return *entry;
        });
        bool is_table = pfn >= layout.page_tables.pfn && pfn < layout.page_tables.end();
        *slot = Pte(memory.machine_frame(pfn), is_table ? page_flags & ~pte::writable : page_flags);
    }
}

// --- rights ---

// Every right and everything of the hardware but what xen-core drives itself (the HPET is free after calibration, and
// firmware methods read it, and so is the speaker's channel of the PIT, which kernels measure their clock with).
void give_everything(Domain& domain) {
    auto must = [](Status status) { ASSERT(status.ok()); };
    domain.authority.hold_everything();
    must(domain.io_ports.add(0, 0xffff));
    constexpr uint16_t own_ports[][2] = {{0x20, 0x21}, {0xa0, 0xa1}, {0x40, 0x41}, {0x4d0, 0x4d1}}; // PICs, PIT, ELCRs
    for (auto [first, last] : own_ports) must(domain.io_ports.remove(first, last));
    if (uart_port()) must(domain.io_ports.remove(uart_port(), uart_port() + 7u));
    must(domain.io_memory.add(0, mfn_limit_value - 1));
    auto keep = [&](MachAddr device) { must(domain.io_memory.remove(frame_of(device).value, frame_of(device).value)); };
    keep(machine.local_apic);
    for (unsigned i = 0; i < ioapic_number(); ++i) keep(ioapic_address(i));
    if (uint32_t lines = interrupt_line_count()) must(domain.interrupt_lines.add(0, lines - 1));
}

// --- the processor ---

void start_vcpu(Vcpu& vcpu, const PvImage& image, const FirstDomainLayout& layout, Mfn root) {
    auto box = CoreBox<vcpu_guest_context_t>::create(core_account);
    if (!box.ok()) cannot_start("no memory for the first domain's vCPU");
    vcpu_guest_context_t& context = *box.value();
    constexpr uint64_t interrupt_flag = 1 << 9, always_one = 1 << 1;
    context.flags = VGCF_in_kernel | VGCF_online;
    context.user_regs.rip = image.entry;
    context.user_regs.rsp = context.kernel_sp = layout.virt(layout.stack.end());
    context.user_regs.rsi = layout.virt(layout.start_info.pfn);
    context.user_regs.eflags = interrupt_flag | always_one;
    context.user_regs.cs = FLAT_KERNEL_CS64;
    context.user_regs.ss = context.kernel_ss = FLAT_KERNEL_SS64;
    context.user_regs.ds = context.user_regs.es = context.user_regs.fs = context.user_regs.gs = FLAT_KERNEL_DS64;
    context.ctrlreg[3] = address_of(root).value;
    WorkBudget all_of_it(INT32_MAX);
    Status status = vcpu.domain.mmu.pin(root, 4, all_of_it);
    if (status.ok()) status = initialise_vcpu(vcpu, context, all_of_it);
    if (!status.ok())
        cannot_start("the first domain's page tables are refused (error %d)", static_cast<int>(status.error()));
    (void)scheduler.bring_up(vcpu);
}

} // namespace

void construct_first_domain(Modules modules, const Options& options) {
    const BootModule& kernel = modules[0];
    Modules others = modules.subspan(1);
    PvImage image;
    if (const char* problem = read_pv_image(kernel.bytes(), image))
        cannot_start("module 0 (%s): %s", kernel.command_line, problem);

    DomainConfig config;
    config.max_vcpus = options.first_domain_vcpus ? options.first_domain_vcpus : online_cpus.count();
    config.max_event_port = EventTable::fifo_ports - 1;
    config.max_frames = memory_frames(options);
    Result<DomainRef> created = domain_table.create(first_domain_id, config);
    if (!created.ok()) cannot_start("no memory for the first domain");
    Domain& domain = *created.value();
    for (uint32_t number = 0; number < config.max_vcpus; ++number)
        if (!domain.create_vcpu(VcpuId(number)).ok()) cannot_start("no memory for the first domain's vCPU %u", number);

    Result<FirstDomainLayout> planned = plan_first_domain(image, config.max_frames, size_of(others));
    if (!planned.ok() || !memory.allocate(domain.account, config.max_frames))
        cannot_start("the first domain wants %lu MiB (its kernel and modules need %lu KiB): there are %lu MiB free",
                     config.max_frames >> 8, (size_of(others) + image.kernel_end - image.virt_base) >> 10,
                     (allocator.free_frames() + memory.frames()) >> 8);
    FirstDomainLayout layout = planned.value();
    uint64_t most_frames = options.first_domain_max_memory >> page_shift;
    domain.account.set_max_frames(most_frames ? std::max(config.max_frames, most_frames) : UINT32_MAX); // as on Xen

    for (const PvImage::Segment& segment : std::span(image.segments, image.segment_count))
        memory.copy(segment.virtual_start - image.virt_base, segment.bytes.data(), segment.bytes.size());
    if (image.hypercall_page != PvImage::no_address)
        fill_hypercall_page(memory.pointer((image.hypercall_page - image.virt_base) >> page_shift));
    lay_out(others, [&](uint64_t at, const void* content, uint64_t size) {
        memory.copy((layout.modules.pfn << page_shift) + at, content, size);
    });
    write_p2m(layout);
    write_start_info(domain, layout, others, kernel.arguments, options.first_domain_arguments);
    give_everything(domain);
    global_virqs.set_default(&domain.events);
    map_piece(layout, {0, layout.region_frames}, layout.virt_base,
              {layout.page_tables.pfn + 1, layout.page_tables.frames - 1}); // behind the L4
    if (layout.p2m_virt) map_piece(layout, layout.p2m, layout.p2m_virt, layout.p2m_tables);
    start_vcpu(*domain.vcpu(VcpuId(0)), image, layout, memory.machine_frame(layout.page_tables.pfn));
    for (const BootModule& module : modules) allocator.add(module.first_frame(), module.frame_count());
    log(LogLevel::info, "first domain: %s, %lu MiB, %u vCPUs", kernel.command_line, config.max_frames >> 8,
        config.max_vcpus);
    domain.unpause();
}

} // namespace skerry
