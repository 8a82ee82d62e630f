// SPDX-License-Identifier: MIT
// The store with its journal: every input is recorded before it takes effect, and a new server repeats what is recorded.
// What clients see is ordered so that a kill between any two instructions is harmless: bytes are taken from a ring, then
// recorded, and only then does the ring's counter say so; bytes are put into a ring, recorded, and only then published.
// The counters in the store are the ones that count; the ring's follow.
#pragma once

#include "store.h"

#include <minios/journal.h>

#include <memory>
#include <span>

namespace skerry::xenstore {

class Recorder {
  public:
    /// `area`: memory that outlives the server, or empty: then nothing does.
    Recorder(std::span<std::byte> area, std::set<DomainId> privileged, Surroundings& surroundings);

    enum class Resumed {
        afresh,    ///< there was nothing to go on from
        continued, ///< the store is as the former server left it
        damaged,   ///< what was there made no sense; the store is empty
    };
    /// Before any input.
    Resumed resume();

    const Store& store() const { return *store_; }
    /// False once the journal could not hold the store: the next server will begin afresh.
    bool recording() const { return journal_ != nullptr; }

    /// Something for a new server that has nothing else to do; false: nor is there that.
    bool read_ahead() { return store_->read_ahead(); }

    // The store's inputs.
    void connect(DomainId domain, std::uint32_t port, std::string_view name, RingStart ring);
    void disconnect(DomainId domain);
    void receive(DomainId domain, std::string_view bytes);
    void sent(DomainId domain, std::size_t count);
    void reset(DomainId domain, RingStart ring);
    void fail(DomainId domain, std::uint8_t failure);
    void introduced(Error error, RingStart ring);
    void set_quota(Quota quota, std::uint64_t value);

  private:
    enum class Input : std::uint16_t { connect, disconnect, receive, sent, reset, fail, introduced, quota };
    struct Record {
        Input input;
        DomainId domain;
        std::uint32_t value;
        RingStart ring;
    };
    static_assert(sizeof(Record) == 16);

    void apply(const Record& record, std::string_view bytes);
    void take(const Record& record, std::string_view bytes = {});
    bool append(const Record& record, std::string_view bytes);
    bool compact();
    bool replay();
    void make_store();

    std::set<DomainId> privileged_;
    Surroundings& surroundings_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<minios::Journal> journal_;
};

} // namespace skerry::xenstore
