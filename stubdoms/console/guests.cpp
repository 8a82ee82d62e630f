// SPDX-License-Identifier: MIT
#include "guests.h"

namespace skerry::console {

using minios::backends::GuestAddress;

namespace {

constexpr std::uint32_t unused = 0, of_command_line = 1, of_client = 2, of_past = 3;

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
    for (std::size_t i = 0; i < slot_count_; ++i) {
        slot(i).name[GuestAddress::longest_name] = 0;
        if (slot(i).state == of_past && slot(i).gone > gone_) gone_ = slot(i).gone;
    }
}

/// The slot in which this guest left its scroll-back in a former life of this domain, or its own in a former one, or a free
/// one, or that of the guest which is gone for longest; `most`: none.
std::size_t Guests::choose_slot(const GuestAddress& address, bool goes_on) {
    if (const std::size_t past = goes_on ? last_past(address.name) : most; past != most) return past;
    std::size_t free = most, oldest = most;
    for (std::size_t i = 0; i < slot_count_; ++i) {
        if (taken_[i]) continue;
        const Slot& one = slot(i);
        if (one.state == unused) {
            if (free == most) free = i;
        } else if (one.state == of_past) {
            if (oldest == most || one.gone < slot(oldest).gone) oldest = i;
        } else if (same(one.name, address.name) && one.domain == address.domain.value) {
            return i;
        }
    }
    if (free != most || oldest == most) return free;
    slot(oldest).state = unused;
    return oldest;
}

/// `most`: there is none.
std::size_t Guests::last_past(std::string_view name) {
    std::size_t last = most;
    for (std::size_t i = 0; i < slot_count_; ++i)
        if (slot(i).state == of_past && same(slot(i).name, name) && (last == most || slot(i).gone > slot(last).gone))
            last = i;
    return last;
}

ScrollBack Guests::scroll_back_of(std::size_t index) {
    Slot& one = slot(index);
    return ScrollBack(one.scroll_back, {reinterpret_cast<char*>(&one + 1), slot_bytes_ - sizeof(Slot)});
}

bool Guests::find_past(std::string_view name, ScrollBack& scroll_back) {
    const std::size_t index = last_past(name);
    if (index != most) scroll_back = scroll_back_of(index);
    return index != most;
}

void Guests::use_slot(Guest& guest, std::size_t index) {
    Slot& one = slot(index);
    if (one.state == unused) {
        one.scroll_back = {};
        one.has_keyboard = 0;
    }
    one.domain = guest.address.domain.value;
    one.port = guest.address.remote_port.value;
    __builtin_memcpy(one.name, guest.address.name, sizeof one.name);
    __atomic_store_n(&one.state, guest.added ? of_client : of_command_line, __ATOMIC_RELEASE);
    taken_[index] = true;
    guest.slot = index;
    guest.scroll_back = scroll_back_of(index);
}

Guest* Guests::add(const GuestAddress& address, bool by_client, bool goes_on) {
    if (find(address.name) != nullptr || find(address.domain) != nullptr) return nullptr;
    const std::size_t slot = choose_slot(address, goes_on);
    return slot != most ? make(address, by_client, slot) : nullptr;
}

Guest* Guests::make(const GuestAddress& address, bool by_client, std::size_t slot) {
    Guest* guest = minios::heap::make<Guest>();
    if (guest == nullptr) return nullptr;
    guest->address = address;
    guest->added = by_client;
    __builtin_memcpy(guest->source.name, address.name, sizeof address.name);
    use_slot(*guest, slot);
    guest->index = count_;
    guests_[count_++] = guest;
    link(*guest);
    return guest;
}

void Guests::recall() {
    for (std::size_t i = 0; i < slot_count_; ++i) {
        if (taken_[i]) continue;
        Slot& one = slot(i);
        if (one.state == of_past) continue;
        GuestAddress address{minios::DomId{static_cast<std::uint16_t>(one.domain)}, minios::Port{one.port}, {}};
        const bool sound = one.state == of_client && one.domain < minios::dom_first_reserved.value && one.port != 0 &&
                           one.port <= minios::backends::most_port &&
                           minios::backends::parse_name(one.name, address.name);
        if (!sound || find(address.name) != nullptr || find(address.domain) != nullptr ||
            make(address, true, i) == nullptr)
            one.state = unused;
    }
}

void Guests::remove(Guest& guest) {
    slot(guest.slot).has_keyboard = 0;
    slot(guest.slot).gone = ++gone_;
    __atomic_store_n(&slot(guest.slot).state, of_past, __ATOMIC_RELEASE);
    taken_[guest.slot] = false;
    unlink(guest);
    guests_[guest.index] = guests_[--count_];
    guests_[guest.index]->index = guest.index;
    minios::heap::destroy(&guest);
}

void Guests::rename(Guest& guest, const char* name) {
    unlink(guest);
    for (char* to : {guest.address.name, guest.source.name, slot(guest.slot).name})
        __builtin_memcpy(to, name, sizeof guest.address.name);
    link(guest);
}

void Guests::set_keyboard(const Guest* guest) {
    for (std::size_t i = 0; i < count_; ++i) slot(guests_[i]->slot).has_keyboard = guests_[i] == guest ? 1 : 0;
}

Guest* Guests::has_keyboard() {
    for (std::size_t i = 0; i < count_; ++i)
        if (slot(guests_[i]->slot).has_keyboard != 0) return guests_[i];
    return nullptr;
}

// --- finding them: in as many lists as there can be guests, so that each is short -------------------------------------------

/// FNV-1a. Who chooses names so that they fall together finds them as slowly as in one list.
std::size_t Guests::place_of(std::string_view name) {
    std::uint32_t hash = 2166136261;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
    return (hash ^ hash >> 16) % most;
}

void Guests::link(Guest& guest) {
    Guest*& named = by_name_[place_of(std::string_view(guest.address.name))];
    guest.next_by_name = named;
    named = &guest;
    Guest*& numbered = by_domain_[place_of(guest.address.domain)];
    guest.next_by_domain = numbered;
    numbered = &guest;
}

void Guests::unlink(Guest& guest) {
    Guest** named = &by_name_[place_of(std::string_view(guest.address.name))];
    while (*named != &guest) named = &(*named)->next_by_name;
    *named = guest.next_by_name;
    Guest** numbered = &by_domain_[place_of(guest.address.domain)];
    while (*numbered != &guest) numbered = &(*numbered)->next_by_domain;
    *numbered = guest.next_by_domain;
}

Guest* Guests::find(std::string_view name) {
    Guest* guest = by_name_[place_of(name)];
    while (guest != nullptr && !same(guest->address.name, name)) guest = guest->next_by_name;
    return guest;
}

Guest* Guests::find(minios::DomId domain) {
    Guest* guest = by_domain_[place_of(domain)];
    while (guest != nullptr && guest->address.domain != domain) guest = guest->next_by_domain;
    return guest;
}

} // namespace skerry::console
