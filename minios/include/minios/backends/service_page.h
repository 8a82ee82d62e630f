// SPDX-License-Identifier: MIT
// The shape that service domains share: one page of a guest, lent through a reserved entry of its grant table, and one
// event channel that the guest's builder made in it for us. Both may come and go: a guest can be destroyed and built
// again under the same number and port. The page's other side is hostile: whoever uses data() reads an index once,
// checks it, and uses the copy.
#pragma once

#include <minios/events.h>
#include <minios/grants.h>
#include <minios/types.h>

namespace minios::backends {

/// What a service is told about one guest: `guest=<domid>:<port>:<name>` on its command line.
struct GuestAddress {
    static constexpr std::size_t longest_name = 31;
    DomId domain;
    Port remote_port;
    char name[longest_name + 1] = {};
};

/// Reads "<domid>:<port>:<name>". False when it is not of that form, a number is out of range, or the name has anything
/// but letters, digits, '-', '_' and '.'.
bool parse_guest_address(const char* text, GuestAddress& address);

// The parts of such words, for others of their kind.
/// What follows `key` at the start of `word`; nullptr when it does not start so.
const char* after_key(const char* word, const char* key);
inline constexpr std::uint32_t most_port = (1u << 17) - 1; // FIFO event channels
/// A decimal number up to `most`, then `end`; `text` moves behind it.
bool parse_number(const char*& text, char end, std::uint32_t most, std::uint32_t& value);
/// A name as above, up to the end of the text.
bool parse_name(const char* text, char (&name)[GuestAddress::longest_name + 1]);

/// What a domain is told about one that it knows: the word `domain=<name>:<domid>`. False: it is no such word.
bool parse_known_domain(const char* word, DomId& domain, char (&name)[GuestAddress::longest_name + 1]);

class ServicePage {
  public:
    ServicePage() = default;
    ServicePage(const ServicePage&) = delete;
    ServicePage& operator=(const ServicePage&) = delete;
    ~ServicePage() { detach(); }

    /// `entry`: GNTTAB_RESERVED_CONSOLE or GNTTAB_RESERVED_XENSTORE. `handler` runs for each event from the guest.
    /// Nothing stays mapped or bound when it fails.
    Result<void> attach(const GuestAddress& guest, GrantRef entry, events::Handler handler, void* context);
    void detach();
    bool attached() const { return page_.data() != nullptr; }
    /// Asks the hypervisor whether the channel still leads to the guest. False once the guest was destroyed: time to
    /// detach.
    bool peer_present() const;

    void* data() const { return page_.data(); }
    void notify() const { (void)events::notify(port_); }
    Port port() const { return port_; }

  private:
    grants::MappedGrant page_;
    Port port_;
};

} // namespace minios::backends
