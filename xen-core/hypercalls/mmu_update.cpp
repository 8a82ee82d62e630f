// SPDX-License-Identifier: MIT
// mmu_update: page-table entries and machine-to-physical entries, many in one call under one taking of the lock.
#include "hypercalls/dispatch.h"
#include "hypercalls/foreign.h"

namespace skerry {
namespace {

struct Progress {
    uint32_t carried_out = 0;
    Status status = success;
};

Progress update_all(Caller& caller, const ForeignAccess* foreign, PvMmu& mmu, GuestHandle<mmu_update_t> requests,
                    uint32_t count) {
    Progress progress;
    PvMmu::Batch batch(mmu);
    for (; progress.carried_out < count; ++progress.carried_out) {
        if (progress.carried_out > 0 && caller.budget.is_spent()) {
            progress.status = Error::restart;
            break;
        }
        mmu_update_t request;
        progress.status = requests.read(request, progress.carried_out);
        if (!progress.status.ok())
            break;
        progress.status = batch.update(request.ptr, request.val, foreign, caller.budget);
        if (!progress.status.ok())
            break;
    }
    return progress;
}

} // namespace

// The common case, the caller's own tables and frames, needs no look-up of domains.
HypercallResult hypercall_mmu_update(Caller& caller, GuestHandle<mmu_update_t> requests, uint32_t count,
                                     GuestHandle<uint32_t> done, uint32_t foreign_number) {
    uint32_t before = TRY(done_before(done, count));
    Progress progress;
    if (foreign_number == DOMID_SELF) [[likely]] {
        progress = update_all(caller, nullptr, caller.domain.mmu, requests, count);
    } else {
        ForeignArgument foreign = TRY(read_foreign_argument(caller, foreign_number));
        progress = update_all(caller, foreign.token(), foreign.tables_of->mmu, requests, count);
    }
    if (!done.is_null())
        TRY_STATUS(done.write(before + progress.carried_out));
    if (progress.status.ok()) [[likely]]
        return 0;
    if (progress.status.error() == Error::restart) {
        caller.arguments.value[0] = requests.advanced(progress.carried_out).address().value;
        caller.arguments.value[1] = (count - progress.carried_out) | continued_call;
    }
    return progress.status.error();
}

} // namespace skerry
