// SPDX-License-Identifier: MIT
#include "boot/first_domain.h"

#include "arch/x86_64/console.h"
#include "arch/x86_64/interrupts.h"
#include "arch/x86_64/ioapic.h"
#include "base/log.h"
#include "boot/acpi.h"
#include "boot/first_domain_layout.h"
#include "boot/first_domain_memory.h"
#include "boot/first_domain_tables.h"
#include "boot/paging.h"
#include "domain/domain_table.h"
#include "memory/m2p.h"

#include <string.h>
#include <xen/xen.h>

namespace skerry {
namespace {

// --- modules: one as it is, or a list and the modules behind it ---

class ModuleArea {
  public:
    explicit ModuleArea(std::span<const BootModule> modules) : modules_(modules) {}

    bool is_list() const { return modules_.size() > 1; }
    uint64_t bytes() const {
        if (modules_.empty()) return 0;
        if (!is_list()) return modules_[0].size;
        uint64_t total = list_bytes();
        for (const BootModule& module : modules_) total += whole_pages(module.size);
        return total;
    }

    void write(const FirstDomainMemory& memory, uint64_t at) const {
        if (!is_list()) {
            if (!modules_.empty()) memory.copy(at, modules_[0].bytes().data(), modules_[0].size);
            return;
        }
        uint64_t text = (modules_.size() + 1) * sizeof(xen_multiboot_mod_list);
        uint64_t content = list_bytes();
        for (size_t i = 0; i < modules_.size(); ++i) {
            const BootModule& module = modules_[i];
            xen_multiboot_mod_list entry{static_cast<uint32_t>(content),
                                         static_cast<uint32_t>(content + module.size - 1), static_cast<uint32_t>(text),
                                         0};
            memory.copy(at + i * sizeof(entry), &entry, sizeof(entry));
            memory.copy(at + text, module.command_line, strlen(module.command_line) + 1);
            memory.copy(at + content, module.bytes().data(), module.size);
            text += strlen(module.command_line) + 1;
            content += whole_pages(module.size);
        }
    }

  private:
    static uint64_t whole_pages(uint64_t bytes) { return (bytes + page_size - 1) & ~(page_size - 1); }
    uint64_t list_bytes() const {
        uint64_t total = (modules_.size() + 1) * sizeof(xen_multiboot_mod_list);
        for (const BootModule& module : modules_) total += strlen(module.command_line) + 1;
        return whole_pages(total);
    }

    std::span<const BootModule> modules_;
};

// --- memory ---

// Without a wish: everything but a sixteenth (at most 128 MiB), which xen-core keeps for itself and other domains.
uint64_t memory_frames(const Options& options) {
    constexpr uint64_t largest_reserve = (128ull << 20) >> page_shift;
    if (options.first_domain_memory) return options.first_domain_memory >> page_shift;
    uint64_t free = allocator.free_frames();
    uint64_t reserve = free / 16 < largest_reserve ? free / 16 : largest_reserve;
    return free - reserve;
}

PvImage read_image(const BootModule& module) {
    const char* reason;
    Result<PvImage> image = read_pv_image(module.bytes(), &reason);
    if (!image.ok()) cannot_start("module 0 (%s): %s", module.command_line, reason);
    return image.value();
}

void write_kernel(const PvImage& image, const FirstDomainMemory& memory) {
    for (unsigned i = 0; i < image.segment_count; ++i) {
        const PvImage::Segment& segment = image.segments[i];
        memory.copy(segment.virtual_start - image.virt_base, segment.bytes.data(), segment.bytes.size());
    }
    if (image.hypercall_page != PvImage::no_address)
        fill_hypercall_page(memory.pointer((image.hypercall_page - image.virt_base) >> page_shift));
}

// Also tells the machine-to-physical table.
void write_p2m(const FirstDomainLayout& layout, const FirstDomainMemory& memory) {
    constexpr uint64_t per_frame = page_size / sizeof(uint64_t);
    for (uint64_t pfn = 0; pfn < memory.frames(); ++pfn) {
        Mfn mfn = memory.machine_frame(pfn);
        memory.pointer<uint64_t>(layout.p2m.pfn + pfn / per_frame)[pfn % per_frame] = mfn.value;
        set_m2p(mfn, Pfn(pfn));
    }
}

void write_start_info(const Domain& domain, const FirstDomainLayout& layout, const FirstDomainMemory& memory,
                      const ModuleArea& modules, const char* command_line) {
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
    if (modules.bytes()) {
        info.mod_start = layout.modules_unmapped ? layout.modules.pfn : layout.virt(layout.modules.pfn);
        info.mod_len = modules.bytes();
        info.flags |= (layout.modules_unmapped ? SIF_MOD_START_PFN : 0) | (modules.is_list() ? SIF_MULTIBOOT_MOD : 0);
    }
    size_t length = strlen(command_line);
    if (length >= MAX_GUEST_CMDLINE)
        cannot_start("module 0: its command line is longer than %d bytes", MAX_GUEST_CMDLINE - 1);
    memcpy(info.cmd_line, command_line, length + 1);
}

// --- rights ---

// Every right and everything of the hardware but what xen-core drives itself (the HPET is free after calibration, and
// firmware methods read it).
void give_everything(Domain& domain) {
    auto must = [](Status status) { ASSERT(status.ok()); };
    domain.authority.hold_everything();
    must(domain.io_ports.add(0, 0xffff));
    struct Ports {
        uint16_t first, last;
    };
    constexpr Ports own_ports[] = {{0x20, 0x21}, {0xa0, 0xa1}, {0x40, 0x43}, {0x4d0, 0x4d1}}; // PICs, PIT, ELCRs
    for (Ports ports : own_ports) must(domain.io_ports.remove(ports.first, ports.last));
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
    context.user_regs.rsp = layout.virt(layout.stack.end());
    context.user_regs.rsi = layout.virt(layout.start_info.pfn);
    context.user_regs.eflags = interrupt_flag | always_one;
    context.user_regs.cs = FLAT_KERNEL_CS64;
    context.user_regs.ss = FLAT_KERNEL_SS64;
    context.user_regs.ds = context.user_regs.es = context.user_regs.fs = context.user_regs.gs = FLAT_KERNEL_DS64;
    context.kernel_ss = FLAT_KERNEL_SS64;
    context.kernel_sp = context.user_regs.rsp;
    context.ctrlreg[3] = address_of(root).value;
    Status status = Error::restart;
    while (!status.ok() && status.error() == Error::restart) {
        WorkBudget budget;
        status = vcpu.domain.mmu.pin(root, 4, budget);
    }
    while (status.ok() && !vcpu.is_initialised) {
        WorkBudget budget;
        Status stretch = initialise_vcpu(vcpu, context, budget);
        if (!stretch.ok() && stretch.error() != Error::restart) status = stretch;
    }
    if (!status.ok())
        cannot_start("the first domain's page tables are refused (error %d)", static_cast<int>(status.error()));
    (void)scheduler.bring_up(vcpu.entity);
}

} // namespace

void construct_first_domain(const BootModules& modules, const Options& options) {
    const BootModule& kernel = modules[0];
    ModuleArea area(modules.all().subspan(1));
    PvImage image = read_image(kernel);

    DomainConfig config;
    config.max_vcpus = options.first_domain_vcpus ? options.first_domain_vcpus : online_cpus.count();
    config.max_event_port = EventTable::fifo_ports - 1;
    config.max_frames = memory_frames(options);
    Result<DomainRef> created = domain_table.create(first_domain_id, config);
    if (!created.ok()) cannot_start("no memory for the first domain");
    Domain& domain = *created.value();
    for (uint32_t number = 0; number < config.max_vcpus; ++number)
        if (!domain.create_vcpu(VcpuId(number)).ok()) cannot_start("no memory for the first domain's vCPU %u", number);

    Result<FirstDomainLayout> layout = plan_first_domain(image, config.max_frames, area.bytes());
    static FirstDomainMemory memory;
    if (!layout.ok() || !memory.allocate(domain.account, config.max_frames))
        cannot_start("the first domain wants %lu MiB (its kernel and modules need %lu KiB): there are %lu MiB free",
                     config.max_frames >> 8, (area.bytes() + image.kernel_end - image.virt_base) >> 10,
                     allocator.free_frames() >> 8);
    if (options.first_domain_max_memory >> page_shift > config.max_frames)
        domain.account.set_max_frames(options.first_domain_max_memory >> page_shift);

    write_kernel(image, memory);
    area.write(memory, layout.value().modules.pfn << page_shift);
    write_p2m(layout.value(), memory);
    write_start_info(domain, layout.value(), memory, area, kernel.arguments);
    give_everything(domain);
    global_virqs.set_default(&domain.events);
    start_vcpu(*domain.vcpu(VcpuId(0)), image, layout.value(), build_first_domain_tables(layout.value(), memory));
    for (size_t i = 0; i < modules.count(); ++i) modules.release(i);
    log(LogLevel::info, "first domain: %s, %lu MiB, %u vCPUs", kernel.command_line, config.max_frames >> 8,
        config.max_vcpus);
    domain.unpause();
}

} // namespace skerry
