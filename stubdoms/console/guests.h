// SPDX-License-Identifier: MIT
// The guests that are served: those of the command line, and those that a client added. What must survive this domain lies
// in slots of the state area: who was added, and each guest's scroll-back. Without such an area the slots are of the heap.
#pragma once

#include "guest_ring.h"
#include "multiplexer.h"
#include "scroll_back.h"

#include <minios/minios.h>

#include <minios/backends/service_page.h>

#include <span>
#include <string_view>

namespace skerry::console {

struct Viewer;

/// One guest. The page's events put it into the queue of those that may have something to say.
struct Guest {
    minios::backends::GuestAddress address;
    bool added = false; ///< by a client, which also removes it; else of the command line
    minios::backends::ServicePage page;
    GuestRing ring;
    Multiplexer::Source source;
    ScrollBack scroll_back;
    char taken[256]; ///< read from the ring, not yet shown on the terminal
    std::size_t taken_begin = 0, taken_end = 0;
    unsigned failures = 0;           ///< to attach, in a row
    std::size_t slot = 0, index = 0; ///< where its scroll-back lies, and its place among the guests
    Guest *next_by_name = nullptr, *next_by_domain = nullptr; ///< of those that Guests finds in the same place
    Viewer* viewer = nullptr;                                 ///< a client is shown what it writes
    class Server* server = nullptr;
    bool queued = false; ///< by the server, for its next turn
    Guest* next_queued = nullptr;
};

class Guests {
  public:
    static constexpr std::size_t most = 1024;

    /// `slot_bytes`: of each guest's part of `area`; its head included.
    void open(std::span<std::byte> area, std::size_t slot_bytes);
    /// Those that were added in a former life. To be called after the guests of the command line are there.
    void recall();
    /// nullptr: no slot or memory is left, or the name or number is in use. `goes_on`: with the scroll-back that the last
    /// guest of that name left.
    Guest* add(const minios::backends::GuestAddress& address, bool by_client, bool goes_on = false);
    /// Its scroll-back stays until another needs the slot.
    void remove(Guest& guest);
    /// `name`: one that parse_name() knows, and no other guest's.
    void rename(Guest& guest, const char* name);
    /// That of the last guest of that name that was removed, if it is still there. Not for append().
    bool find_past(std::string_view name, ScrollBack& scroll_back);

    /// Remembers who has the keyboard; nullptr: nobody.
    void set_keyboard(const Guest* guest);
    /// Of this life or a former one; nullptr: nobody that is still there.
    Guest* has_keyboard();

    Guest* find(std::string_view name);
    Guest* find(minios::DomId domain);
    Guest* at(std::size_t index) { return guests_[index]; }
    std::size_t count() const { return count_; }
    std::size_t room() const { return slot_count_; }

  private:
    struct Slot {
        std::uint32_t state; ///< 0 unused, 1 of the command line, 2 added, 3 of a guest that is gone
        std::uint32_t domain;
        std::uint32_t port;
        char name[minios::backends::GuestAddress::longest_name + 1];
        std::uint32_t has_keyboard;
        std::uint64_t gone; ///< in state 3: the higher, the later
        ScrollBack::Head scroll_back;
        // the text follows
    };
    Slot& slot(std::size_t index) { return *reinterpret_cast<Slot*>(area_.data() + index * slot_bytes_); }
    static std::size_t place_of(std::string_view name);
    static std::size_t place_of(minios::DomId domain) { return domain.value % most; }
    void link(Guest& guest);
    void unlink(Guest& guest);
    Guest* make(const minios::backends::GuestAddress& address, bool by_client, std::size_t slot);
    std::size_t choose_slot(const minios::backends::GuestAddress& address, bool goes_on);
    std::size_t last_past(std::string_view name);
    ScrollBack scroll_back_of(std::size_t index);
    void use_slot(Guest& guest, std::size_t index);

    std::span<std::byte> area_;
    std::size_t slot_bytes_ = 0, slot_count_ = 0;
    Guest* guests_[most] = {};
    Guest *by_name_[most] = {}, *by_domain_[most] = {}; ///< the first ones, each by its place_of()
    std::size_t count_ = 0;
    bool taken_[most] = {};
    std::uint64_t gone_ = 0; ///< the highest number of a slot
};

} // namespace skerry::console
