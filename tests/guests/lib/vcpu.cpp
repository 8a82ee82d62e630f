// SPDX-License-Identifier: MIT
#include "lib/vcpu.h"

#include "lib/guest.h"

extern "C" void second_vcpu_entry();
extern "C" char stacks_end_of_vcpu1[], entry_stack_end[];

namespace skerry::guest {

static void (*volatile work)();
static volatile bool busy;

void fill_context(vcpu_guest_context& context, void (*function)(), void* stack_top) {
    memset(&context, 0, sizeof context);
    context.flags = VGCF_IN_KERNEL;
    cpu_user_regs& regs = context.user_regs;
    regs.rip = reinterpret_cast<uint64_t>(&second_vcpu_entry);
    regs.rdi = reinterpret_cast<uint64_t>(function);
    regs.rsp = reinterpret_cast<uint64_t>(stack_top != nullptr ? stack_top : stacks_end_of_vcpu1);
    regs.cs = FLAT_KERNEL_CS;
    regs.ss = FLAT_KERNEL_SS;
    regs.rflags = 0x202;
    context.kernel_ss = FLAT_KERNEL_SS;
    context.kernel_sp = reinterpret_cast<uint64_t>(entry_stack_end);
    for (unsigned vector = 0; vector < 32; vector++) {
        if (vector == 2 || vector == 15) continue;
        const bool from_user = vector == 3 || vector == 4;
        context.trap_ctxt[vector] = {static_cast<uint8_t>(vector), static_cast<uint8_t>(from_user ? 3 : 0),
                                     FLAT_KERNEL_CS, trap_entries[vector]};
    }
    context.event_callback_eip = reinterpret_cast<uint64_t>(&event_entry);
    context.failsafe_callback_eip = reinterpret_cast<uint64_t>(&failsafe_entry);
    context.syscall_callback_eip = reinterpret_cast<uint64_t>(&syscall_entry);
    context.ctrlreg[3] = xen_pfn_to_cr3(mfn_of(top_table()));
}

static void work_loop() {
    for (;;) {
        if (work != nullptr) {
            void (*const function)() = work;
            work = nullptr;
            function();
            busy = false;
        }
        sched_op(SCHEDOP_yield, nullptr);
    }
}

long start_vcpu1(void (*function)()) {
    static vcpu_guest_context context;
    fill_context(context, function);
    if (const long result = vcpu_op(VCPUOP_initialise, 1, &context); result != 0) return result;
    return vcpu_op(VCPUOP_up, 1, nullptr);
}

bool run_on_vcpu1(void (*function)()) {
    static bool started;
    if (!started && start_vcpu1(work_loop) != 0) return false;
    started = true;
    if (!vcpu1_idle()) return false;
    busy = true;
    work = function;
    return wait_for([] { return work == nullptr; });
}

bool vcpu1_idle() {
    return wait_for([] { return !busy; });
}

unsigned vcpu_count() {
    unsigned count = 0;
    for (unsigned vcpu = 0; vcpu < XEN_LEGACY_MAX_VCPUS; vcpu++) {
        if (vcpu_op(VCPUOP_is_up, vcpu, nullptr) < 0) break;
        count++;
    }
    return count;
}

} // namespace skerry::guest
