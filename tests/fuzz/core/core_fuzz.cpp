// SPDX-License-Identifier: MIT
// Hypercalls and traps of hostile guests, from the entry functions that arch/x86_64/entry.S calls down to the frame
// table, on one CPU that is a structure. Three domains: 1 holds every right, 2 controls 3, 3 holds none. An input is a
// list of what guests do: calls with arguments made of numbers that mean something, traps, writes to their memory and
// to the pages that they share with xen-core, interrupts and time. After each of them no lock is held; at the end every
// domain is destroyed, and whatever is then missing has been lost. There is no first domain (number 0), because that
// may end the machine.
#include "arch/x86_64/layout.h"
#include "arch/x86_64/time.h"
#include "domain/domain.h"
#include "host_arch.h"
#include "host_machine.h"
#include "hypercalls/dispatch.h"
#include "traps/entry.h"

#include <cstdio>
#include <cstdlib>

namespace skerry {

unsigned locks_held(); // tests/unit/support/xen_core_host.cpp

namespace {

constexpr uint64_t machine_frames = 1024;
constexpr unsigned domains = 3, vcpus = 2, frames_each = 40;
constexpr uint64_t memory_base = 0x10000, memory_size = 0x4000; // what guests have mapped, as copies in and out see it
constexpr uint64_t kernel_base = 0x200000;                      // where each domain's page tables map its frames
constexpr unsigned most_steps = 48;

struct Guest {
    Domain* domain; // null once it was created and lost; only for setting up
    Mfn frames[frames_each];
};
Guest guests[domains];

void must(bool holds, const char* what) {
    if (holds) return;
    fprintf(stderr, "core_fuzz: %s\n", what);
    abort();
}

template <typename F> Status finish(F&& step) {
    for (;;) {
        WorkBudget budget;
        Status status = step(budget);
        if (status.ok() || status.error() != Error::restart) return status;
    }
}

// --- choices ---

const uint8_t* data;
size_t left;

uint64_t take(unsigned bytes) {
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes && left; ++i, --left) value |= uint64_t{*data++} << (8 * i);
    return value;
}
Mfn any_frame() {
    uint64_t which = take(1);
    return which < 250 ? guests[which % domains].frames[which / domains % frames_each]
                       : Mfn(machine_frames + which - 250);
}

// A number of the kinds that hypercalls take.
uint64_t argument() {
    static constexpr uint64_t constants[] = {DOMID_SELF,
                                             DOMID_IO,
                                             DOMID_XEN,
                                             DOMID_INVALID,
                                             XEN_DOMCTL_INTERFACE_VERSION,
                                             XEN_SYSCTL_INTERFACE_VERSION,
                                             XENPF_INTERFACE_VERSION,
                                             ~uint64_t{0},
                                             layout::core_start,
                                             layout::core_end,
                                             uint64_t{1} << 47,
                                             0x8000'0000};
    switch (take(1) % 12) {
    case 0: return 0;
    case 1: return take(1);
    case 2: return memory_base + take(2) % memory_size;
    case 3: return any_frame().value;
    case 4: return address_of(any_frame()).value | take(2) % page_size;         // a place, or an entry
    case 5: return address_of(any_frame()).value | (take(1) & 1 ? 0x67 : 0x65); // the usual entries
    case 6: return constants[take(1) % std::size(constants)];
    case 7: return kernel_base + (take(1) % frames_each << page_shift);
    case 8: return take(2);
    case 9: return take(4);
    case 10: return take(8);
    default: return argument() | argument() << 32; // two fields
    }
}

// --- what guests do ---

void call(CpuLocal& cpu) {
    RegisterFrame& frame = cpu.frame;
    frame.vector = vector_syscall;
    frame.rax = take(1) % (hypercall_count + 1);
    for (uint64_t* place : {&frame.rdi, &frame.rsi, &frame.rdx, &frame.r10, &frame.r8, &frame.r9}) *place = argument();
    frame.rip = 0x1000;
    frame.rsp = memory_base + take(1) * 8;
    uint64_t rip = frame.rip;
    for (unsigned stretch = 0; stretch < 1000; ++stretch) {
        Vcpu* caller = cpu.current;
        uint32_t leaving = guest_syscall(cpu);
        must(!locks_held(), "a hypercall returned with a lock held");
        if (leaving == leave_after_work) (void)work_before_leaving(cpu);
        // Continued: rip stands at the SYSCALL again.
        if (!cpu.current || cpu.current != caller || frame.rip != rip - 2) return;
        frame.rip = rip;
    }
}

void trap(CpuLocal& cpu) {
    RegisterFrame& frame = cpu.frame;
    frame.vector = static_cast<uint32_t>(take(1) % 32);
    if (frame.vector == vector::nmi || frame.vector == vector::double_fault || frame.vector == vector::machine_check)
        return; // on stacks of their own
    frame.error_code = static_cast<uint32_t>(take(1)) & 0x1f;
    frame.rip = memory_base + take(2) % memory_size; // where instructions are fetched from
    frame.rsp = memory_base + take(1) * 16;
    host_processor.cr2 = argument();
    (void)guest_trap(cpu);
    must(!locks_held(), "a trap returned with a lock held");
}

void write_memory() {
    uint64_t at = take(2) % memory_size & ~uint64_t{7};
    for (uint64_t words = take(1) % 12 + 1; words-- && at < memory_size; at += 8) {
        uint64_t value = argument();
        memcpy(&host_guest_memory.bytes[at], &value, sizeof(value));
    }
}

// The page that a domain shares with xen-core, and its frames where it may write to them.
void write_shared(CpuLocal& cpu) {
    Domain& domain = cpu.current->domain;
    uint64_t which = take(1), at = take(2) % page_size & ~uint64_t{7}, value = argument();
    Mfn mfn = domain.shared_info_frame();
    if (which) {
        mfn = guests[which % domains].frames[which / domains % frames_each];
        FrameWord word = frame(mfn).word();
        if (!word.is_used_as(FrameType::writable)) return;
    }
    memcpy(to_pointer<uint8_t>(mfn) + at, &value, sizeof(value));
}

// Nothing can run: the next timer, or a device.
struct NothingRuns {};
Nanoseconds programmed_deadline = never; // the hardware timer's
void idle() {
    CpuLocal& cpu = cpu_local();
    programmed_deadline = never;
    (void)timers.expire(cpu.id, 0); // nothing is due at 0: the timer is set to what comes next
    Nanoseconds next = programmed_deadline;
    if (next != never && next < now() + 3'600'000'000'000) {
        host_processor.tsc = std::max(host_processor.tsc, next + 1);
    } else {
        throw NothingRuns();
    }
    raise_work(cpu.id, PendingWork::timer);
}

void step(CpuLocal& cpu) {
    switch (take(1) % 8) {
    case 0: trap(cpu); break;
    case 1:
    case 2: write_memory(); break;
    case 3: write_shared(cpu); break;
    case 4:
        if (uint64_t choice = take(1); choice < 24)
            host_interrupt(static_cast<uint32_t>(choice));
        else
            host_processor.tsc += uint64_t{1} << (choice % 40);
        raise_work(cpu.id, PendingWork::timer);
        (void)leave_slowly(cpu, keep_registers);
        break;
    default: call(cpu);
    }
}

// --- the world ---

void build_memory(Guest& guest) {
    Domain& domain = *guest.domain;
    for (unsigned i = 0; i < frames_each; ++i) {
        guest.frames[i] = allocator.allocate(domain.account).value();
        set_m2p(guest.frames[i], Pfn(i));
    }
    // Frames 0..3 are the tables of levels 4..1, which map all frames from kernel_base on.
    constexpr uint64_t flags = pte::present | pte::user | pte::accessed | pte::dirty;
    for (unsigned level = 4; level > 1; --level)
        to_pointer<Pte>(guest.frames[4 - level])[table_index(kernel_base, level)] =
            Pte(guest.frames[5 - level], flags | pte::writable);
    for (unsigned i = 0; i < frames_each; ++i)
        to_pointer<Pte>(guest.frames[3])[table_index(kernel_base, 1) + i] =
            Pte(guest.frames[i], i < 4 ? flags : flags | pte::writable);
}

void build(unsigned index) {
    Guest& guest = guests[index];
    DomainConfig config;
    config.max_vcpus = vcpus;
    config.max_event_port = EventTable::fifo_ports - 1;
    config.max_grant_frames = 4;
    config.max_maptrack_frames = 4;
    config.max_frames = frames_each + 8;
    guest.domain = &*domain_table.create(DomId(static_cast<uint16_t>(index + 1)), config).value();
    build_memory(guest);
    must(finish([&](WorkBudget& b) { return guest.domain->mmu.pin(guest.frames[0], 4, b); }).ok(), "pin");
    static vcpu_guest_context_t context;
    context.flags = VGCF_in_kernel | VGCF_online;
    context.user_regs.cs = FLAT_KERNEL_CS64;
    context.user_regs.ss = context.kernel_ss = FLAT_KERNEL_SS64;
    context.user_regs.rsp = context.kernel_sp = memory_base + 0x1000;
    context.ctrlreg[3] = address_of(guest.frames[0]).value;
    for (unsigned number = 0; number < vcpus; ++number) {
        must(guest.domain->create_vcpu(VcpuId(number)).ok(), "create_vcpu");
        Vcpu& vcpu = *guest.domain->vcpu(VcpuId(number));
        must(finish([&](WorkBudget& b) { return initialise_vcpu(vcpu, context, b); }).ok(), "initialise_vcpu");
        vcpu.cpu.event_callback = {0x2000, true};
        vcpu.cpu.failsafe_callback = {0x3000, false};
        for (trap_info_t& entry : vcpu.cpu.traps) entry = {0, 0, FLAT_KERNEL_CS64, 0x4000};
        (void)scheduler.bring_up(vcpu);
    }
}

void destroy_all(CpuLocal& cpu) {
    // The CPU leaves whatever it holds.
    for (uint32_t number = 0; DomainRef domain = domain_table.next_from(number); number = domain->id.value + 1u)
        if (!domain->is_dying()) domain->pause();
    cpu.take_work();
    raise_work(cpu.id, PendingWork::reschedule);
    try {
        (void)leave_slowly(cpu, keep_registers);
        must(false, "something runs although all is paused");
    } catch (NothingRuns) {}
    cpu.in_idle = false;
    // A domain is gone only when nobody holds its frames: those that hold them may come later.
    for (uint32_t number = 0; DomainRef domain = domain_table.next_from(number); number = domain->id.value + 1u)
        must(finish([&](WorkBudget& b) { return domain->destroy(b); }).ok(), "destroy");
    domain_table.reap();
    must(!domain_table.next_from(0), "a destroyed domain is not gone");
}

void start(CpuLocal& cpu) {
    static HostMachine machine(machine_frames);
    host_guest_memory.base = memory_base;
    host_guest_memory.bytes.resize(memory_size);
    host_processor.idle = idle;
    tsc_scale = scale_between(1'000'000'000, 1'000'000'000);
    tsc_hertz = 1'000'000'000;
    online_cpus.add(cpu.id);
    timers.start(1, [](CpuId, Nanoseconds deadline) { programmed_deadline = deadline; });
    scheduler.start(1, {now, [](CpuId id) { raise_work(id, PendingWork::reschedule); }});
    scheduler.cpu_online(cpu.id);
}

} // namespace
} // namespace skerry

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* input, size_t size) {
    using namespace skerry;
    CpuLocal& cpu = cpu_local();
    static bool is_started = (start(cpu), true);
    (void)is_started;
    data = input;
    left = size;
    memset(host_guest_memory.bytes.data(), 0, memory_size);
    uint64_t free_before = allocator.free_frames(), core_before = core_account.core_frames();
    for (unsigned i = 0; i < domains; ++i) build(i);
    guests[0].domain->authority.hold_everything();
    must(guests[0].domain->interrupt_lines.add(0, 23).ok() && guests[0].domain->io_memory.add(0, 4095).ok() &&
             guests[0].domain->io_ports.add(0, 0xffff).ok(),
         "resources");
    for (TargetRight right : {TargetRight::control, TargetRight::map_memory})
        must(guests[2].domain->holders.set(guests[1].domain->id, right, true, true).ok(), "rights");
    for (Guest& guest : guests) guest.domain->unpause();
    try {
        raise_work(cpu.id, PendingWork::reschedule);
        (void)leave_slowly(cpu, keep_registers);
        for (unsigned steps = 0; left && steps < most_steps; ++steps) step(cpu);
    } catch (NothingRuns) { cpu.in_idle = false; }
    must(!locks_held(), "a lock is held");
    destroy_all(cpu);
    must(host_windows_in_use() == 0, "a descriptor window is lost");
    must(allocator.free_frames() == free_before && core_account.core_frames() == core_before, "frames are lost");
    return 0;
}
