// SPDX-License-Identifier: MIT
#include "guest_ring.h"

namespace skerry::console {

namespace {

std::uint32_t load(const XENCONS_RING_IDX& index) { return __atomic_load_n(&index, __ATOMIC_ACQUIRE); }
void store(XENCONS_RING_IDX& index, std::uint32_t value) { __atomic_store_n(&index, value, __ATOMIC_RELEASE); }

} // namespace

GuestRing::GuestRing(xencons_interface& shared)
    : shared_(&shared), out_taken_(load(shared.out_cons)), in_put_(load(shared.in_prod)) {}

std::size_t GuestRing::read(char* to, std::size_t most) {
    if (shared_ == nullptr) return 0;
    const std::uint32_t available = load(shared_->out_prod) - out_taken_;
    if (available > out_size) {
        // Skip to where the guest says it is; what it wrote before is beyond recovery.
        out_taken_ += available;
        store(shared_->out_cons, out_taken_);
        ++nonsense_;
        return 0;
    }
    const std::size_t count = available < most ? available : most;
    for (std::size_t i = 0; i < count; ++i)
        to[i] = *const_cast<volatile char*>(&shared_->out[out_taken_++ & (out_size - 1)]);
    store(shared_->out_cons, out_taken_);
    return count;
}

bool GuestRing::readable() const { return shared_ != nullptr && load(shared_->out_prod) != out_taken_; }

std::size_t GuestRing::write_room() const {
    if (shared_ == nullptr) return 0;
    const std::uint32_t waiting = in_put_ - load(shared_->in_cons);
    return waiting > in_size ? 0 : in_size - waiting;
}

std::size_t GuestRing::write(const char* from, std::size_t count) {
    if (shared_ == nullptr) return 0;
    const std::uint32_t waiting = in_put_ - load(shared_->in_cons);
    if (waiting > in_size) {
        ++nonsense_;
        return 0;
    }
    const std::size_t room = in_size - waiting;
    const std::size_t fitting = count < room ? count : room;
    for (std::size_t i = 0; i < fitting; ++i)
        *const_cast<volatile char*>(&shared_->in[in_put_++ & (in_size - 1)]) = from[i];
    store(shared_->in_prod, in_put_);
    return fitting;
}

} // namespace skerry::console
