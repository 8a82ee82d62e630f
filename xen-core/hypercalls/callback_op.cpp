// SPDX-License-Identifier: MIT
// callback_op and its predecessors set_callbacks and nmi_op: where the guest kernel wants to be entered
// (<xen/callback.h>, <xen/nmi.h>).
#include "hypercalls/dispatch.h"

namespace skerry {

HypercallResult hypercall_callback_op(Caller& caller, uint32_t command, GuestHandle<void> argument) {
    switch (command) {
    case CALLBACKOP_register: {
        callback_register_t request;
        TRY_STATUS(argument.as<callback_register_t>().read(request));
        TRY_STATUS(caller.vcpu.cpu.register_callback(request.type, request.flags, request.address));
        return 0;
    }
    case CALLBACKOP_unregister: {
        callback_unregister_t request;
        TRY_STATUS(argument.as<callback_unregister_t>().read(request));
        TRY_STATUS(caller.vcpu.cpu.unregister_callback(request.type));
        return 0;
    }
    default: return Error::no_system_call;
    }
}

HypercallResult hypercall_set_callbacks(Caller& caller, uint64_t event, uint64_t failsafe, uint64_t syscall) {
    PvCpuState& cpu = caller.vcpu.cpu;
    TRY_STATUS(cpu.register_callback(CALLBACKTYPE_event, 0, event));
    TRY_STATUS(cpu.register_callback(CALLBACKTYPE_failsafe, 0, failsafe));
    TRY_STATUS(cpu.register_callback(CALLBACKTYPE_syscall, 0, syscall));
    return 0;
}

HypercallResult hypercall_nmi_op(Caller& caller, uint32_t command, GuestHandle<void> argument) {
    switch (command) {
    case XENNMI_register_callback: {
        xennmi_callback_t request;
        TRY_STATUS(argument.as<xennmi_callback_t>().read(request));
        TRY_STATUS(caller.vcpu.cpu.register_callback(CALLBACKTYPE_nmi, 0, request.handler_address));
        return 0;
    }
    case XENNMI_unregister_callback: TRY_STATUS(caller.vcpu.cpu.unregister_callback(CALLBACKTYPE_nmi)); return 0;
    default: return Error::no_system_call;
    }
}

} // namespace skerry
