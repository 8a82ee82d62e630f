// SPDX-License-Identifier: MIT
// The hypercalls of features that this hypervisor does not have: each fails as Xen built without the feature does.
#include "hypercalls/dispatch.h"

namespace skerry {

HypercallResult hypercall_xsm_op(Caller&, GuestHandle<void>) { return Error::no_system_call; }
HypercallResult hypercall_xenoprof_op(Caller&, uint32_t, GuestHandle<void>) { return Error::no_system_call; }
HypercallResult hypercall_hvm_op(Caller&, uint32_t, GuestHandle<void>) { return Error::no_system_call; }
HypercallResult hypercall_kexec_op(Caller&, uint32_t, GuestHandle<void>) { return Error::no_system_call; }
HypercallResult hypercall_tmem_op(Caller&, GuestHandle<void>) { return Error::no_system_call; }
HypercallResult hypercall_argo_op(Caller&, uint32_t) { return Error::no_system_call; }
HypercallResult hypercall_xenpmu_op(Caller&, uint32_t, GuestHandle<void>) { return Error::no_system_call; }
HypercallResult hypercall_dm_op(Caller&, uint32_t, uint32_t, GuestHandle<void>) { return Error::no_system_call; }
HypercallResult hypercall_hypfs_op(Caller&, uint32_t) { return Error::no_system_call; }

} // namespace skerry
