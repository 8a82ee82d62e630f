// SPDX-License-Identifier: MIT
// Every hypercall minios and its programs use, typed. Nothing here checks or retries: the return value is Xen's
// (0 or positive on success, -errno on failure). A structure that Xen writes to must lie in present, writable memory:
// stack and data always do; heap memory does after it was written once (see memory.h, touch()), because an unbacked
// heap page is not a fault the hypervisor can take.
#pragma once

#include <minios/types.h>
#include <minios/xen.h>

namespace minios::hypercall {

/// The page of entry points that the domain's builder (or Xen) filled, 32 bytes for each hypercall number.
extern "C" char hypercall_page[];

#define MINIOS_HYPERCALL_ENTRY "call hypercall_page + %c[entry]"
#define MINIOS_HYPERCALL_CLOBBERS "memory", "rcx", "r11", "cc"

template <unsigned number> inline long call() {
    long result;
    asm volatile(MINIOS_HYPERCALL_ENTRY : "=a"(result) : [entry] "i"(number * 32) : MINIOS_HYPERCALL_CLOBBERS);
    return result;
}

template <unsigned number> inline long call(std::uint64_t a1) {
    long result;
    asm volatile(MINIOS_HYPERCALL_ENTRY
                 : "=a"(result), "+D"(a1)
                 : [entry] "i"(number * 32)
                 : MINIOS_HYPERCALL_CLOBBERS);
    return result;
}

template <unsigned number> inline long call(std::uint64_t a1, std::uint64_t a2) {
    long result;
    asm volatile(MINIOS_HYPERCALL_ENTRY
                 : "=a"(result), "+D"(a1), "+S"(a2)
                 : [entry] "i"(number * 32)
                 : MINIOS_HYPERCALL_CLOBBERS);
    return result;
}

template <unsigned number> inline long call(std::uint64_t a1, std::uint64_t a2, std::uint64_t a3) {
    long result;
    asm volatile(MINIOS_HYPERCALL_ENTRY
                 : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3)
                 : [entry] "i"(number * 32)
                 : MINIOS_HYPERCALL_CLOBBERS);
    return result;
}

template <unsigned number> inline long call(std::uint64_t a1, std::uint64_t a2, std::uint64_t a3, std::uint64_t a4) {
    long result;
    register std::uint64_t r10 asm("r10") = a4;
    asm volatile(MINIOS_HYPERCALL_ENTRY
                 : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10)
                 : [entry] "i"(number * 32)
                 : MINIOS_HYPERCALL_CLOBBERS);
    return result;
}

#undef MINIOS_HYPERCALL_ENTRY
#undef MINIOS_HYPERCALL_CLOBBERS

inline std::uint64_t address(const void* p) { return reinterpret_cast<std::uint64_t>(p); }

// --- CPU -----------------------------------------------------------------------------------------------------------
inline long set_trap_table(const trap_info_t* table) { return call<__HYPERVISOR_set_trap_table>(address(table)); }
inline long set_callbacks(std::uint64_t event, std::uint64_t failsafe, std::uint64_t syscall) {
    return call<__HYPERVISOR_set_callbacks>(event, failsafe, syscall);
}
inline long stack_switch(std::uint64_t ss, std::uint64_t sp) { return call<__HYPERVISOR_stack_switch>(ss, sp); }
inline long fpu_taskswitch(bool set) { return call<__HYPERVISOR_fpu_taskswitch>(set); }
inline long set_segment_base(unsigned which, std::uint64_t base) {
    return call<__HYPERVISOR_set_segment_base>(which, base);
}
inline long set_gdt(const unsigned long* frames, unsigned entries) {
    return call<__HYPERVISOR_set_gdt>(address(frames), entries);
}
inline long update_descriptor(std::uint64_t machine_address, std::uint64_t descriptor) {
    return call<__HYPERVISOR_update_descriptor>(machine_address, descriptor);
}
inline long set_debugreg(int reg, std::uint64_t value) {
    return call<__HYPERVISOR_set_debugreg>(static_cast<std::uint64_t>(reg), value);
}
/// The register's value: 0 to 3, 6 or 7.
inline long get_debugreg(int reg) { return call<__HYPERVISOR_get_debugreg>(static_cast<std::uint64_t>(reg)); }
inline long vcpu_op(int command, unsigned vcpu, void* argument) {
    return call<__HYPERVISOR_vcpu_op>(static_cast<std::uint64_t>(command), vcpu, address(argument));
}
inline long vm_assist(unsigned command, unsigned type) { return call<__HYPERVISOR_vm_assist>(command, type); }
inline long callback_op(int command, const void* argument) {
    return call<__HYPERVISOR_callback_op>(static_cast<std::uint64_t>(command), address(argument));
}
inline long multicall(multicall_entry_t* entries, unsigned count) {
    return call<__HYPERVISOR_multicall>(address(entries), count);
}

// --- memory --------------------------------------------------------------------------------------------------------
/// `domain`: the owner of the frames mapped, in the low 16 bits; see mmu_update in <xen/xen.h>.
inline long mmu_update(const mmu_update_t* requests, unsigned count, unsigned* done,
                       std::uint32_t domain = DOMID_SELF) {
    return call<__HYPERVISOR_mmu_update>(address(requests), count, address(done), domain);
}
inline long mmuext_op(const mmuext_op_t* operations, unsigned count, unsigned* done,
                      std::uint32_t domain = DOMID_SELF) {
    return call<__HYPERVISOR_mmuext_op>(address(operations), count, address(done), domain);
}
inline long update_va_mapping(std::uint64_t virt, std::uint64_t entry, std::uint64_t flags) {
    return call<__HYPERVISOR_update_va_mapping>(virt, entry, flags);
}
inline long update_va_mapping_otherdomain(std::uint64_t virt, std::uint64_t entry, std::uint64_t flags, DomId domain) {
    return call<__HYPERVISOR_update_va_mapping_otherdomain>(virt, entry, flags, domain.value);
}
/// XENMEM_*; some commands return a positive number of extents done.
inline long memory_op(unsigned command, void* argument) {
    return call<__HYPERVISOR_memory_op>(command, address(argument));
}

// --- events, grants, time ------------------------------------------------------------------------------------------
inline long event_channel_op(int command, void* argument) {
    return call<__HYPERVISOR_event_channel_op>(static_cast<std::uint64_t>(command), address(argument));
}
inline long grant_table_op(unsigned command, void* operations, unsigned count) {
    return call<__HYPERVISOR_grant_table_op>(command, address(operations), count);
}
inline long sched_op(int command, void* argument) {
    return call<__HYPERVISOR_sched_op>(static_cast<std::uint64_t>(command), address(argument));
}
/// Absolute system time in nanoseconds; 0 cancels.
inline long set_timer_op(std::uint64_t deadline_ns) { return call<__HYPERVISOR_set_timer_op>(deadline_ns); }

// --- console, version ----------------------------------------------------------------------------------------------
inline long console_io(int command, int count, void* buffer) {
    return call<__HYPERVISOR_console_io>(static_cast<std::uint64_t>(command), static_cast<std::uint64_t>(count),
                                         address(buffer));
}
inline long xen_version(int command, void* argument) {
    return call<__HYPERVISOR_xen_version>(static_cast<std::uint64_t>(command), address(argument));
}

// --- control -------------------------------------------------------------------------------------------------------
/// The caller fills `cmd`, `domain` and the union; the interface version is set here.
inline long domctl(xen_domctl_t& operation) {
    operation.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return call<__HYPERVISOR_domctl>(address(&operation));
}
inline long sysctl(xen_sysctl_t& operation) {
    operation.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return call<__HYPERVISOR_sysctl>(address(&operation));
}
inline long physdev_op(int command, void* argument) {
    return call<__HYPERVISOR_physdev_op>(static_cast<std::uint64_t>(command), address(argument));
}
inline long platform_op(void* operation) { return call<__HYPERVISOR_platform_op>(address(operation)); }

} // namespace minios::hypercall
