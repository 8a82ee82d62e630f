// SPDX-License-Identifier: MIT
// A client's ring page (<xen/io/xs_wire.h>), and one turn of serving it. The page is shared with a hostile domain: each
// of its words is read once, checked, and the copy used; our two counters live in the store and are only shown here.
#pragma once

#include "recorder.h"

#include <xen/io/xs_wire.h>

namespace skerry::xenstore {

class Ring {
  public:
    /// No page.
    Ring() = default;
    explicit Ring(xenstore_domain_interface& page) : page_(&page) {}
    bool present() const { return page_ != nullptr; }

    /// Nobody has served this page yet. (Its features are announced before anything else.)
    bool untouched() const;
    /// What the server can do, and the counters that count.
    void announce(const Connection& client) const;

    /// A domain that is there from the start: its connection goes on where the page's counters are.
    void connect(Recorder& recorder, DomainId domain, std::uint32_t port, std::string_view name) const;
    /// An INTRODUCE that the store waits for: the domain's connection begins anew, with nothing in its ring.
    void introduce(Recorder& recorder) const;

    enum class Result { idle, moved, again };
    /// At most one request is taken, and as much is sent as fits. moved: tell the client; again: and there may be more
    /// to do.
    Result turn(Recorder& recorder, DomainId domain) const;

  private:
    static constexpr std::uint32_t size = XENSTORE_RING_SIZE;

    void copy_in(char* to, std::uint32_t from, std::uint32_t count) const;
    bool begin_anew(Recorder& recorder, DomainId domain) const;
    void empty() const;
    bool take(Recorder& recorder, DomainId domain) const;
    bool send(Recorder& recorder, DomainId domain) const;

    xenstore_domain_interface* page_ = nullptr;
};

} // namespace skerry::xenstore
