// SPDX-License-Identifier: MIT
#include "guests.h"

namespace skerry::console {

using minios::backends::GuestAddress;

namespace {

constexpr std::uint32_t unused = 0, of_command_line = 1, of_client = 2;

/// Nearly all that are looked at are told apart by their last character.
bool same(const char (&one)[GuestAddress::longest_name + 1], std::string_view other) {
    const std::size_t size = other.size();
    if (size == 0 || size >= sizeof one || one[size - 1] != other.back() || one[size] != 0) return false;
    return __builtin_memcmp(one, other.data(), size) == 0;
}

} // namespace

void Guests::open(std::span<std::byte> area, std::size_t slot_bytes) {
    area_ = area;
    slot_bytes_ = slot_bytes;
    slot_count_ = area.size() / slot_bytes < most ? area.size() / slot_bytes : most;
}

/// The slot in which a guest of that name left its scroll-back, or a free one; `most`: none.
std::size_t Guests::choose_slot(const GuestAddress& address) {
    std::size_t free = most;
    for (std::size_t i = 0; i < slot_count_; ++i) {
        if (taken_[i]) continue;
        Slot& one = slot(i);
        one.name[GuestAddress::longest_name] = 0;
        if (one.state != unused && same(one.name, address.name) && one.domain == address.domain.value) return i;
        if (one.state == unused && free == most) free = i;
    }
    return free;
}

void Guests::use_slot(Guest& guest, std::size_t index) {
    Slot& one = slot(index);
    if (one.state == unused) one.scroll_back = {};
    one.domain = guest.address.domain.value;
    one.port = guest.address.remote_port.value;
    __builtin_memcpy(one.name, guest.address.name, sizeof one.name);
    __atomic_store_n(&one.state, guest.added ? of_client : of_command_line, __ATOMIC_RELEASE);
    taken_[index] = true;
    guest.slot = index;
    guest.scroll_back = ScrollBack(one.scroll_back, {reinterpret_cast<char*>(&one + 1), slot_bytes_ - sizeof(Slot)});
}

Guest* Guests::add(const GuestAddress& address, bool by_client) {
    if (find(address.name) != nullptr || find(address.domain) != nullptr || count_ == most) return nullptr;
    const std::size_t index = choose_slot(address);
    if (index == most) return nullptr;
    Guest* guest = minios::heap::make<Guest>();
    if (guest == nullptr) return nullptr;
    guest->address = address;
    guest->added = by_client;
    __builtin_memcpy(guest->source.name, address.name, sizeof address.name);
    use_slot(*guest, index);
    guests_[count_++] = guest;
    return guest;
}

void Guests::recall() {
    for (std::size_t i = 0; i < slot_count_; ++i) {
        if (taken_[i]) continue;
        Slot& one = slot(i);
        GuestAddress address{minios::DomId{static_cast<std::uint16_t>(one.domain)}, minios::Port{one.port}, {}};
        one.name[GuestAddress::longest_name] = 0;
        const bool sound = one.state == of_client && one.domain < minios::dom_first_reserved.value && one.port != 0 &&
                           one.port <= minios::backends::most_port &&
                           minios::backends::parse_name(one.name, address.name);
        if (!sound || add(address, true) == nullptr) one.state = unused;
    }
}

void Guests::remove(Guest& guest) {
    slot(guest.slot).state = unused;
    taken_[guest.slot] = false;
    std::size_t index = 0;
    while (guests_[index] != &guest) ++index;
    guests_[index] = guests_[--count_];
    minios::heap::destroy(&guest);
}

Guest* Guests::find(std::string_view name) {
    for (std::size_t i = 0; i < count_; ++i)
        if (same(guests_[i]->address.name, name)) return guests_[i];
    return nullptr;
}

Guest* Guests::find(minios::DomId domain) {
    for (std::size_t i = 0; i < count_; ++i)
        if (guests_[i]->address.domain == domain) return guests_[i];
    return nullptr;
}

} // namespace skerry::console
