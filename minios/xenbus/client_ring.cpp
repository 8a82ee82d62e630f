// SPDX-License-Identifier: MIT
#include "client_ring.h"

namespace minios::xenbus {

namespace {

std::uint32_t load(const std::uint32_t& word) { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }
void store(std::uint32_t& word, std::uint32_t value) { __atomic_store_n(&word, value, __ATOMIC_SEQ_CST); }

} // namespace

ClientRing::ClientRing(xenstore_domain_interface& page)
    : page_(&page), put_(load(page.req_prod)), taken_(load(page.rsp_cons)) {}

std::size_t ClientRing::write(std::string_view bytes) {
    const std::uint32_t waiting = put_ - load(page_->req_cons);
    broken_ |= waiting > size || load(page_->error) != XENSTORE_ERROR_NONE;
    if (broken_) return 0;
    const std::size_t room = size - waiting, count = bytes.size() < room ? bytes.size() : room;
    const std::size_t begin = put_ % size, before_end = count < size - begin ? count : size - begin;
    __builtin_memcpy(page_->req + begin, bytes.data(), before_end);
    __builtin_memcpy(page_->req, bytes.data() + before_end, count - before_end);
    put_ += static_cast<std::uint32_t>(count);
    store(page_->req_prod, put_);
    return count;
}

std::size_t ClientRing::read(char* to, std::size_t most) {
    const std::uint32_t ready = load(page_->rsp_prod) - taken_;
    broken_ |= ready > size || load(page_->error) != XENSTORE_ERROR_NONE;
    if (broken_) return 0;
    const std::size_t count = ready < most ? ready : most;
    const std::size_t begin = taken_ % size, before_end = count < size - begin ? count : size - begin;
    __builtin_memcpy(to, page_->rsp + begin, before_end);
    __builtin_memcpy(to + before_end, page_->rsp, count - before_end);
    asm volatile("" ::: "memory"); // the server may change the ring; the copy is what is looked at
    taken_ += static_cast<std::uint32_t>(count);
    store(page_->rsp_cons, taken_);
    return count;
}

bool Incoming::take(ClientRing& ring) {
    while (have_ < sizeof header_) {
        const std::size_t count = ring.read(reinterpret_cast<char*>(&header_) + have_, sizeof header_ - have_);
        if (count == 0) return false;
        have_ += count;
    }
    broken_ |= header_.len > sizeof payload_;
    if (broken_) return false;
    while (have_ < sizeof header_ + header_.len) {
        const std::size_t at = have_ - sizeof header_;
        const std::size_t count = ring.read(payload_ + at, header_.len - at);
        if (count == 0) return false;
        have_ += count;
    }
    return true;
}

} // namespace minios::xenbus
