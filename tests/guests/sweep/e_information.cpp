// SPDX-License-Identifier: MIT
// What a first domain is told: start_info, the shared page, versions, features, and what control operations answer.
#include "sweep/sweep.h"

#include <initializer_list>

using namespace skerry::guest;

extern "C" {
extern const struct {
    uint64_t rsp, unused, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15, rflags;
} first_registers;
extern const uint16_t first_selectors[4];
extern char image_start[], image_end[], virt_base[];
}

namespace {

long relative(uint64_t address) { return static_cast<long>(address - reinterpret_cast<uint64_t>(image_end)); }

} // namespace

GUEST_CASE(start) {
    Row row("start_info");
    row.text("magic", boot_info.magic);
    row.add("pages", static_cast<long>(boot_info.nr_pages)).add(".flags", boot_info.flags);
    row.add("pt_base", relative(boot_info.pt_base)).add("nr_pt_frames", static_cast<long>(boot_info.nr_pt_frames));
    row.add("mfn_list", relative(boot_info.mfn_list))
        .add("mod_start", static_cast<long>(boot_info.mod_start))
        .add("mod_len", static_cast<long>(boot_info.mod_len));
    row.add("first_p2m_pfn", static_cast<long>(boot_info.first_p2m_pfn))
        .add("nr_p2m_frames", static_cast<long>(boot_info.nr_p2m_frames));
    row.add("store_mfn", static_cast<long>(boot_info.store_mfn)).add("store_evtchn", boot_info.store_evtchn);
    row.add("screen_offset", boot_info.console.dom0.info_off).add("screen_size", boot_info.console.dom0.info_size);
    row.add("page", relative(reinterpret_cast<uint64_t>(boot_info_page)));
    Row screen("screen");
    const auto* words = reinterpret_cast<const uint16_t*>(reinterpret_cast<const char*>(boot_info_page) +
                                                          boot_info.console.dom0.info_off);
    for (unsigned i = 0; i < boot_info.console.dom0.info_size / 2; i++) screen.add(i, words[i]);
    Row rest("behind start_info");
    const auto* bytes = reinterpret_cast<const uint8_t*>(boot_info_page);
    for (unsigned i = sizeof(start_info_t); i < 4096; i++)
        if (bytes[i] != 0 && (i < boot_info.console.dom0.info_off ||
                              i >= boot_info.console.dom0.info_off + boot_info.console.dom0.info_size))
            rest.add(i, bytes[i]);
}
GUEST_CASE(registers) {
    const auto& r = first_registers;
    Row row("first registers");
    row.add(".rsp", relative(r.rsp))
        .add("rax", static_cast<long>(r.rax))
        .add("rcx", static_cast<long>(r.rcx))
        .add("rdx", static_cast<long>(r.rdx));
    row.add("rbx", static_cast<long>(r.rbx))
        .add("rbp", static_cast<long>(r.rbp))
        .add("rsi", relative(r.rsi))
        .add("rdi", static_cast<long>(r.rdi));
    row.add("r8", static_cast<long>(r.r8))
        .add("r9", static_cast<long>(r.r9))
        .add("r10", static_cast<long>(r.r10))
        .add("r11", static_cast<long>(r.r11));
    row.add("r12", static_cast<long>(r.r12))
        .add("r15", static_cast<long>(r.r15))
        .add("rflags", static_cast<long>(r.rflags));
    for (unsigned i = 0; i < 4; i++) row.add(i, first_selectors[i]);
    uint16_t cs, ss;
    asm("mov %%cs, %0" : "=r"(cs));
    asm("mov %%ss, %0" : "=r"(ss));
    row.add(".cs", cs).add(".ss", ss);
}
// The initial address space: where mappings begin and end, and with which flags.
GUEST_CASE(first_mappings) {
    Row top("first top table");
    for (unsigned i = 0; i < 512; i++)
        if ((i < 256 || i > 271) && top_table()[i] != 0 && i != 0)
            top.add(i, static_cast<long>(top_table()[i] & 0xfff));
    // Runs of the same flags, from the image on.
    uint64_t flags = ~0UL;
    Row row("first pages");
    for (uint64_t at = reinterpret_cast<uint64_t>(virt_base); at < reinterpret_cast<uint64_t>(virt_base) + 0x10000000;
         at += 4096) {
        if (reinterpret_cast<void*>(at) == shared) continue;
        const bool is_pool =
            at >= reinterpret_cast<uint64_t>(image_start) && at < reinterpret_cast<uint64_t>(image_end);
        if (is_pool && flags != ~0UL) continue;
        const uint64_t* entry_at = l1_entry(reinterpret_cast<void*>(at));
        const uint64_t now =
            entry_at == nullptr ? 0 : (*entry_at & 0xf9f) | (*entry_at >> 52 & 0xfff) << 52; // accessed and dirty apart
        if (now == flags) continue;
        flags = now;
        row.add(".at", relative(at)).add(".flags", static_cast<long>(now));
    }
    Row levels("first tables' flags");
    for (unsigned level = 2; level <= 4; level++)
        levels.add(level, static_cast<long>(*level_entry(virt_base + 0x100000, level) & ~frame_mask));
}
GUEST_CASE(shared_page) {
    Row row("shared page");
    row.add("address", (boot_info.shared_info & 4095) != 0);
    for (unsigned vcpu = 0; vcpu < 3; vcpu++) {
        const vcpu_info& info = shared->vcpu_info[vcpu];
        row.add(".vcpu", vcpu)
            .add("pending", info.evtchn_upcall_pending)
            .add(".mask", info.evtchn_upcall_mask)
            .add("sel", static_cast<long>(info.evtchn_pending_sel));
        row.add("version_odd", info.time.version & 1)
            .add(".version", info.time.version != 0)
            .add("mul", info.time.tsc_to_system_mul != 0)
            .add(".flags", info.time.flags)
            .add("pad", info.time.pad0);
    }
    row.add("wc_version", shared->wc_version & 1).add("wc_sec_hi", shared->wc_sec_hi);
    row.add("max_pfn", static_cast<long>(shared->arch.max_pfn))
        .add("frame_list", static_cast<long>(shared->arch.pfn_to_mfn_frame_list_list))
        .add("nmi", static_cast<long>(shared->arch.nmi_reason));
    row.add("p2m_cr3", static_cast<long>(shared->arch.p2m_cr3))
        .add("p2m_vaddr", static_cast<long>(shared->arch.p2m_vaddr))
        .add("generation", static_cast<long>(shared->arch.p2m_generation));
    unsigned long masked = ~0UL;
    for (const xen_ulong_t word : shared->evtchn_mask) masked &= word;
    row.add("masked_ports", static_cast<long>(masked));
}
GUEST_CASE(version_texts) {
    static char text[4096];
    for (const unsigned command :
         {XENVER_extraversion, XENVER_capabilities, XENVER_changeset, XENVER_platform_parameters, XENVER_guest_handle,
          XENVER_commandline, XENVER_compile_info, XENVER_build_id}) {
        memset(text, 0x77, sizeof text);
        Row row("version text", command);
        result(row, "result", [=] { return xen_version(static_cast<int>(command), text); });
        if (command == XENVER_capabilities) row.text("is", text);
        if (command == XENVER_platform_parameters) row.add(".is", *reinterpret_cast<long*>(text));
        if (command == XENVER_guest_handle) row.add(".is", *reinterpret_cast<long*>(text));
        unsigned size = sizeof text;
        while (size > 0 && text[size - 1] == 0x77) size--;
        if (command != XENVER_build_id) row.add("size", size);
    }
    Row features("features");
    for (unsigned index = 0; index < 4; index++) {
        xen_feature_info info{index, 0};
        result(features, index, [&] { return xen_version(XENVER_get_features, &info); });
        features.add("map", info.submap);
    }
    Row("version").add(".is", xen_version(XENVER_version, nullptr)).add("page", xen_version(XENVER_pagesize, nullptr));
}
GUEST_CASE(control_answers) {
    for (const unsigned domain : {0u, 1u, 77u, unsigned{DOMID_SELF}, unsigned{DOMID_IO}}) {
        Row row("getdomaininfo", domain);
        xen_domctl call{};
        call.cmd = XEN_DOMCTL_getdomaininfo;
        call.domain = static_cast<domid_t>(domain);
        result(row, "result", [&] { return domctl(call); });
        const auto& info = call.u.getdomaininfo;
        row.add("domain", info.domain)
            .add(".flags", info.flags)
            .add("pages", static_cast<long>(info.tot_pages))
            .add(".max", static_cast<long>(info.max_pages));
        row.add("outstanding", static_cast<long>(info.outstanding_pages))
            .add("shr", static_cast<long>(info.shr_pages))
            .add("paged", static_cast<long>(info.paged_pages));
        row.add(".online", info.nr_online_vcpus)
            .add("max_vcpu", info.max_vcpu_id)
            .add("ssidref", info.ssidref)
            .add("cpupool", info.cpupool)
            .add("gpaddr_bits", info.gpaddr_bits)
            .add("emulation", info.arch_config.emulation_flags);
        row.add("misc", info.arch_config.misc_flags).add("handle", info.handle[0]);
    }
    Row vcpus("getvcpuinfo");
    for (const unsigned vcpu : {0u, 1u, 2u, ~0u}) {
        xen_domctl call{};
        call.cmd = XEN_DOMCTL_getvcpuinfo;
        call.u.getvcpuinfo.vcpu = vcpu;
        result(vcpus, vcpu, [&] { return domctl(call); });
        vcpus.add(".online", call.u.getvcpuinfo.online)
            .add(".blocked", call.u.getvcpuinfo.blocked)
            .add(".running", call.u.getvcpuinfo.running);
    }
    xen_sysctl call{};
    call.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    call.cmd = XEN_SYSCTL_physinfo;
    Row machine("physinfo");
    result(machine, "result", [&] { return hypercall(__HYPERVISOR_sysctl, &call); });
    const auto& info = call.u.physinfo;
    machine.add("threads", info.threads_per_core)
        .add("cores", info.cores_per_socket)
        .add("cpus", info.nr_cpus)
        .add("max_cpu", info.max_cpu_id)
        .add("nodes", info.nr_nodes)
        .add("max_node", info.max_node_id);
    machine.add("capabilities", info.capabilities)
        .add("arch", info.arch_capabilities)
        .add("max_mfn", static_cast<long>(info.max_mfn))
        .add("outstanding", static_cast<long>(info.outstanding_pages))
        .add("scrub", static_cast<long>(info.scrub_pages));
    for (unsigned i = 0; i < 8; i++) machine.add(i, static_cast<long>(info.hw_cap[i]));
    machine.add("pages_high", static_cast<long>(info.total_pages >> 12));
    call.cmd = XEN_SYSCTL_getdomaininfolist;
    static xen_domctl_getdomaininfo_t list[4];
    for (const unsigned first : {0u, 1u, 0x7fefu, 0x7ff0u}) {
        Row row("getdomaininfolist", first);
        call.u.getdomaininfolist.first_domain = static_cast<domid_t>(first);
        call.u.getdomaininfolist.max_domains = 4;
        call.u.getdomaininfolist.buffer.p = list;
        result(row, "result", [&] { return hypercall(__HYPERVISOR_sysctl, &call); });
        row.add("count", call.u.getdomaininfolist.num_domains);
    }
    xen_domctl affinity{};
    static uint8_t bits[2][64];
    for (const unsigned flags : {0u, 1u, 2u, 3u, 4u, 7u})
        for (const unsigned count : {0u, 1u, 8u, 64u}) {
            memset(bits, 0x77, sizeof bits);
            affinity.cmd = XEN_DOMCTL_getvcpuaffinity;
            affinity.u.vcpuaffinity.vcpu = 0;
            affinity.u.vcpuaffinity.flags = flags;
            affinity.u.vcpuaffinity.cpumap_hard.nr_bits = affinity.u.vcpuaffinity.cpumap_soft.nr_bits = count;
            affinity.u.vcpuaffinity.cpumap_hard.bitmap.p = bits[0];
            affinity.u.vcpuaffinity.cpumap_soft.bitmap.p = bits[1];
            Row row("getvcpuaffinity", flags << 8 | count);
            result(row, "result", [&] { return domctl(affinity); });
            row.add("hard", bits[0][0]).add("soft", bits[1][0]).add("hard_next", bits[0][1]);
            affinity.cmd = XEN_DOMCTL_setvcpuaffinity;
            memset(bits, 0xff, sizeof bits);
            result(row, "set", [&] { return domctl(affinity); });
            memset(bits, 0, sizeof bits);
            result(row, "set_none", [&] { return domctl(affinity); });
        }
    for (const unsigned scheduler : {4u, 5u, 6u, 7u, 8u, 10u, 0u, ~0u})
        for (const unsigned command : {0u, 1u, 2u, 3u, 4u}) {
            xen_domctl schedule{};
            schedule.cmd = XEN_DOMCTL_scheduler_op;
            schedule.u.scheduler_op.sched_id = scheduler;
            schedule.u.scheduler_op.cmd = command;
            Row row("scheduler_op", scheduler << 8 | command);
            result(row, "result", [&] { return domctl(schedule); });
        }
}
// Frames that Xen builds for exceptions: with events open and closed, from kernel and user mode, with traps that mask.
USER_CODE(user_fault, "mov 0, %eax");
USER_CODE(user_int3, "int3");
USER_CODE(user_step, "pushf\n orl $0x100, (%rsp)\n popf\n nop\n nop");
GUEST_CASE(exception_frames) {
    const auto describe = [](const char* name, const Trap& trap, unsigned mask) {
        Row row(name);
        row.trap("trap", trap)
            .add(".cs", static_cast<long>(trap.frame.cs))
            .add(".ss", static_cast<long>(trap.frame.ss))
            .add(".flags", static_cast<long>(trap.frame.rflags))
            .add(".cr2", static_cast<long>(trap.cr2))
            .add(".mask", mask);
        row.add(".rip", trap.frame.from_user() ? static_cast<long>(trap.frame.rip) : 0);
    };
    for (const bool open : {false, true}) {
        const auto run = [&](const char* name, void (*body)()) {
            if (open)
                events_on();
            else
                events_off();
            const Trap trap = attempt(body);
            const unsigned mask = shared->vcpu_info[0].evtchn_upcall_mask;
            events_off();
            describe(name, trap, mask);
        };
        run(open ? "open ud2" : "closed ud2", [] { asm volatile("ud2"); });
        run(open ? "open int3" : "closed int3", [] { asm volatile("int3"); });
        run(open ? "open fault" : "closed fault", [] { asm volatile("movb 0x1234, %%al" ::: "rax"); });
        run(open ? "open write" : "closed write", [] { asm volatile("movb %%al, 0x1234" ::: "memory"); });
        run(open ? "open jump" : "closed jump", [] { asm volatile("jmp *%0" ::"r"(0x1234UL)); });
        run(open ? "open jump to core" : "closed jump to core",
            [] { asm volatile("jmp *%0" ::"r"(0xffff830000000000UL)); });
        run(open ? "open read of core" : "closed read of core", [] {
            asm volatile("movb (%0), %%al" ::"r"(0xffff82d040200000UL) : "rax");
        });
        run(open ? "open read of a hole" : "closed read of a hole", [] {
            asm volatile("movb (%0), %%al" ::"r"(0x1000000000000000UL) : "rax");
        });
        run(open ? "open stack in a hole" : "closed stack in a hole", [] {
            asm volatile("mov %%rsp, %%rbx\n mov %0, %%rbp\n movb (%%rbp), %%al" ::"r"(0x1000000000000000UL)
                         : "rax", "rbx");
        });
        run(open ? "open divide" : "closed divide", [] {
            asm volatile("xor %%ecx, %%ecx\n div %%ecx" ::: "rax", "rcx", "rdx");
        });
        run(open ? "open step" : "closed step", [] {
            asm volatile("pushf\n orl $0x100, (%%rsp)\n popf\n nop\n nop\n pushf\n andl $~0x100, (%%rsp)\n popf" ::
                             : "memory", "cc");
        });
        run(open ? "open step over cpuid" : "closed step over cpuid", [] {
            asm volatile("pushf\n orl $0x100, (%%rsp)\n popf\n cpuid\n nop\n pushf\n andl $~0x100, (%%rsp)\n popf" ::
                             : "rax", "rbx", "rcx", "rdx", "memory", "cc");
        });
        run(open ? "open device" : "closed device", [] {
            hypercall(__HYPERVISOR_fpu_taskswitch, 1);
            asm volatile("fninit");
        });
        hypercall(__HYPERVISOR_fpu_taskswitch, 0);
        run(open ? "open overflow" : "closed overflow", [] { asm volatile("int $4"); });
    }
    describe("user fault", RUN_USER(user_fault), shared->vcpu_info[0].evtchn_upcall_mask);
    describe("user int3", RUN_USER(user_int3), shared->vcpu_info[0].evtchn_upcall_mask);
    describe("user step", RUN_USER(user_step), shared->vcpu_info[0].evtchn_upcall_mask);
    // Debug registers hold breakpoints of a guest's own.
    static volatile uint64_t watched;
    hypercall(__HYPERVISOR_set_debugreg, 0, &watched);
    hypercall(__HYPERVISOR_set_debugreg, 7, 0xd0703);
    describe("watched write", attempt([] {
                 watched = 1;
                 asm volatile("nop");
             }),
             0);
    Row row("watched");
    for (const unsigned index : {6u, 7u}) row.add(index, hypercall(__HYPERVISOR_get_debugreg, index));
    hypercall(__HYPERVISOR_set_debugreg, 6, 0);
    row.add("cleared", hypercall(__HYPERVISOR_get_debugreg, 6));
    hypercall(__HYPERVISOR_set_debugreg, 7, 0);
    row.add("off", hypercall(__HYPERVISOR_get_debugreg, 7));
}
