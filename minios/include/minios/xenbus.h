// SPDX-License-Identifier: MIT
// The store that domains share (XenStore): for front-ends, back-ends and control domains. Paths that do not begin with '/'
// are below this domain's home, /local/domain/<its number>. Threads may use it as they like; each waits for its answer,
// also while the store's server is being built again. Protocol: <xen/io/xs_wire.h>.
//
// Errors, beside those that the server answers (not_found, access, no_space, invalid, ...): io, the connection is broken.
#pragma once

#include <minios/threads.h>
#include <minios/types.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace minios::xenbus {

/// Begins to use the domain's store page; once. not_found: nobody serves this domain a store.
Result<void> start();

inline constexpr std::size_t longest_payload = 4096;

using TransactionId = std::uint32_t;
inline constexpr TransactionId no_transaction = 0;

/// The length of the whole value; as much of it as fits is in `value`.
Result<std::size_t> read(std::string_view path, std::span<char> value, TransactionId in = no_transaction);
/// A decimal number. Error::invalid: the value is something else, or above `most`.
Result<std::uint64_t> read_number(std::string_view path, std::uint64_t most, TransactionId in = no_transaction);
/// Makes the node and those above it if they are not there.
Result<void> write(std::string_view path, std::string_view value, TransactionId in = no_transaction);
/// Makes an empty node; leaves one that is there alone.
Result<void> make(std::string_view path, TransactionId in = no_transaction);
/// With all below it. What is not there is removed already.
Result<void> remove(std::string_view path, TransactionId in = no_transaction);
/// The names of the children, each with its zero, one after the other; the bytes used. Error::range: they do not fit. A list
/// that changes while it is read is read again.
Result<std::size_t> directory(std::string_view path, std::span<char> names, TransactionId in = no_transaction);
/// `permissions`: words such as "n0\0r5\0", the owner's first; each ends with a zero.
Result<void> set_permissions(std::string_view path, std::string_view permissions, TransactionId in = no_transaction);

Result<TransactionId> begin();
/// Error::again: it conflicts with what others did.
Result<void> end(TransactionId transaction, bool commit);
/// Runs `change(TransactionId)`, which returns a Result<void>, until it does not conflict. An error of its own gives up.
template <class Change> Result<void> transact(Change change) {
    for (;;) {
        auto transaction = begin();
        if (!transaction) return transaction.error();
        Result<void> changed = change(*transaction);
        Result<void> ended = end(*transaction, changed.ok());
        if (!changed) return changed;
        if (ended || ended.error() != Error::again) return ended;
    }
}

/// For domains that control the store.
Result<void> introduce(DomId domain, Port port);
Result<void> release(DomId domain);

/// Requests that are sent without waiting for the answer to each: what a client has to say at once costs one way there and
/// back, not one for each. They are carried out in order; other threads' requests wait until finish().
class Batch {
  public:
    explicit Batch(TransactionId in = no_transaction);
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch() { (void)finish(); }

    void write(std::string_view path, std::string_view value);
    void make(std::string_view path);
    /// What is not there is removed already: no error here.
    void remove(std::string_view path);
    void set_permissions(std::string_view path, std::string_view permissions);
    /// Waits for all answers. The first error, if any; the requests behind it were carried out all the same.
    Result<void> finish();

  private:
    const TransactionId in_;
    bool finished_ = false;
};

/// Any request: XS_*, the payload, and where the answer's payload goes; its length. Error::range: it does not fit.
Result<std::size_t> request(std::uint32_t type, std::string_view payload, std::span<char> answer,
                            TransactionId in = no_transaction);

/// Watches a path: it fires once when it is set, and whenever something changes there or below. Must not be moved; ends with
/// its object.
class Watch {
  public:
    Watch() = default;
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() { (void)clear(); }

    /// Also "@introduceDomain" and "@releaseDomain". `on_fire` is called as event handlers are, if there is one.
    Result<void> set(std::string_view path, void (*on_fire)(Watch&, void*) = nullptr, void* context = nullptr);
    Result<void> clear();
    /// Has it fired since this was last asked?
    bool take();
    /// Waits until it has, or until system time `deadline_ns` (0: for good). False: the time is over.
    bool wait(std::uint64_t deadline_ns = 0);
    /// What changed latest; cut at 255 characters.
    std::string_view changed_path() const { return {changed_, changed_length_}; }

  private:
    friend struct Connection;
    static constexpr std::size_t longest_changed = 255, longest_watched = 255;

    Watch* next_ = nullptr;
    std::uint32_t number_ = 0; ///< its token; 0: not set
    bool fired_ = false;
    void (*on_fire_)(Watch&, void*) = nullptr;
    void* context_ = nullptr;
    WaitQueue waiting_;
    char path_[longest_watched];
    std::size_t path_length_ = 0;
    char changed_[longest_changed];
    std::size_t changed_length_ = 0;
};

} // namespace minios::xenbus
