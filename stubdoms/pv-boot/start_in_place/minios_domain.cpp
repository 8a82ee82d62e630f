// SPDX-License-Identifier: MIT
#include "minios_domain.h"

#include "departure.h"

#include <minios/minios.h>

namespace skerry::start_in_place {

using minios::Access;
using minios::Mfn;
using minios::Pfn;

MiniosDomain::MiniosDomain() : created_ns_(minios::clock::now_ns()) {}

std::uint64_t MiniosDomain::total_pages() const { return minios::total_pages(); }
std::uint64_t MiniosDomain::machine_frame(std::uint64_t frame) const {
    return minios::frames::mfn_of(Pfn{frame}).value;
}
std::byte* MiniosDomain::allocate(std::uint64_t pages) {
    return static_cast<std::byte*>(minios::pages::allocate(pages));
}
void MiniosDomain::release(std::byte* first, std::uint64_t pages) { minios::pages::release(first, pages); }
std::uint64_t MiniosDomain::frame_of(const std::byte* address) const { return minios::pages::pfn_of(address).value; }

bool MiniosDomain::claim_frame(std::uint64_t frame) {
    return machine_frame(frame) != no_frame && minios::frames::claim(Pfn{frame}, 1).ok();
}

std::uint64_t MiniosDomain::take_frame() {
    auto frame = minios::frames::allocate();
    return frame ? frame->value : no_frame;
}

void MiniosDomain::release_frame(std::uint64_t frame) { minios::frames::release(Pfn{frame}); }

const std::byte* MiniosDomain::hypercall_page() const {
    return reinterpret_cast<const std::byte*>(minios::hypercall::hypercall_page);
}

std::uint64_t MiniosDomain::root_machine_frame() const { return minios::page_table::root().value; }

// minios keeps all it maps below 512 GiB (minios/memory.h); the hypervisor's own entries are not offered by the caller.
bool MiniosDomain::slot_is_free(unsigned slot) const { return slot != 0; }

bool MiniosDomain::write_protect(std::byte* first, std::uint64_t pages) {
    return minios::page_table::protect(first, pages, Access::read_only).ok();
}

void MiniosDomain::allow_writes(std::byte* first, std::uint64_t pages) {
    if (!minios::page_table::protect(first, pages, Access::read_write))
        minios::panic("pages at %p cannot be made writable again", static_cast<void*>(first));
}

long MiniosDomain::pin_root(std::uint64_t machine_frame) {
    mmuext_op_t operation{};
    operation.cmd = MMUEXT_PIN_L4_TABLE;
    operation.arg1.mfn = machine_frame;
    return minios::hypercall::mmuext_op(&operation, 1, nullptr);
}

long MiniosDomain::unpin(std::uint64_t machine_frame) {
    mmuext_op_t operation{};
    operation.cmd = MMUEXT_UNPIN_TABLE;
    operation.arg1.mfn = machine_frame;
    return minios::hypercall::mmuext_op(&operation, 1, nullptr);
}

void MiniosDomain::leave(const Departure& departure) {
    minios::print("loader: starting the kernel at %lx after %lu us\n", departure.entry,
                  (minios::clock::now_ns() - created_ns_) / 1000);
    write_hand_over_page(departure);
    rename_frames(departure);
    reset_vcpu();
    jump_to_hand_over_page(departure);
}

namespace {

/// The present frame of one of the pages that the domain was given by machine frame.
Result<std::uint64_t> own_frame(std::uint64_t machine_frame, const char* complaint) {
    if (machine_frame == 0) return no_frame;
    const std::uint64_t frame = minios::frames::pfn_of(Mfn{machine_frame}).value;
    if (frame >= minios::total_pages() || minios::frames::mfn_of(Pfn{frame}).value != machine_frame)
        return Failure{complaint, machine_frame};
    return frame;
}

/// In the first domain start_info is followed by the description of the video console. minios keeps a copy of
/// start_info only, but the page itself is where Xen put it: before the page tables.
Bytes start_info_tail(const start_info_t& info) {
    const auto* page = reinterpret_cast<const std::byte*>(info.pt_base - page_bytes);
    if (info.console.dom0.info_size == 0 || std::memcmp(page, &info, sizeof(info)) != 0) return {};
    return Bytes(std::span<const std::byte>(page + sizeof(info), page_bytes - sizeof(info)));
}

} // namespace

Result<Inheritance> inheritance_of_minios() {
    const start_info_t& info = minios::start_info();
    Inheritance inheritance;
    inheritance.start_info = &info;
    if (minios::is_first_domain()) {
        inheritance.start_info_tail = start_info_tail(info);
        return inheritance;
    }
    Result<std::uint64_t> store =
        own_frame(info.store_mfn, "start_info: XenStore page is not a page of this domain; machine frame");
    if (!store) return store.failure();
    Result<std::uint64_t> console =
        own_frame(info.console.domU.mfn, "start_info: console page is not a page of this domain; machine frame");
    if (!console) return console.failure();
    inheritance.store_frame = *store;
    inheritance.console_frame = *console;
    return inheritance;
}

} // namespace skerry::start_in_place
