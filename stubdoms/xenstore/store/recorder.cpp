// SPDX-License-Identifier: MIT
#include "recorder.h"

#include "snapshot.h"

#include <algorithm>
#include <cstring>

namespace skerry::xenstore {

namespace {

constexpr std::uint32_t format = 1;
/// Records that a new server repeats at most, in bytes, or this part of the store's size: some thousand requests.
constexpr std::size_t most_records = 128 << 10, part_of_store = 16;

std::span<const std::byte> bytes_of(const void* from, std::size_t size) {
    return {static_cast<const std::byte*>(from), size};
}

} // namespace

Recorder::Recorder(std::span<std::byte> area, std::set<DomainId> privileged, Surroundings& surroundings)
    : privileged_(std::move(privileged)), surroundings_(surroundings) {
    make_store();
    if (area.size() >= minios::Journal::smallest_area) journal_ = std::make_unique<minios::Journal>(area, format);
}

void Recorder::make_store() {
    store_ = std::make_unique<Store>(surroundings_);
    store_->set_privileged(privileged_);
}

// --- going on ------------------------------------------------------------------------------------------------------------

Recorder::Resumed Recorder::resume() {
    if (journal_ == nullptr) return Resumed::afresh;
    const auto found = journal_->open();
    if (found == minios::Journal::Found::nothing) return Resumed::afresh;
    if (found == minios::Journal::Found::records && replay()) return Resumed::continued;
    journal_->clear();
    make_store();
    return Resumed::damaged;
}

bool Recorder::replay() {
    Surroundings nobody;
    store_->set_surroundings(nobody);
    const auto snapshot = journal_->snapshot();
    bool sound = snapshot.empty() || Snapshot::read(*store_, snapshot);
    auto records = journal_->records();
    while (sound) {
        const auto bytes = records.next();
        if (!bytes) break;
        Record record;
        sound = bytes->size() >= sizeof record;
        if (!sound) break;
        std::memcpy(&record, bytes->data(), sizeof record);
        apply(record, {reinterpret_cast<const char*>(bytes->data()) + sizeof record, bytes->size() - sizeof record});
    }
    store_->set_surroundings(surroundings_);
    return sound;
}

// --- recording -------------------------------------------------------------------------------------------------------------

void Recorder::take(const Record& record, std::string_view bytes) {
    if (journal_ != nullptr && !append(record, bytes)) journal_.reset();
    apply(record, bytes);
}

bool Recorder::append(const Record& record, std::string_view bytes) {
    // The larger the store, the rarer its snapshots, most of which are copied from the one before in large pieces.
    const bool long_enough =
        journal_->record_bytes() > std::max(most_records, journal_->snapshot().size() / part_of_store);
    if (long_enough) (void)compact();
    const auto head = bytes_of(&record, sizeof record), tail = bytes_of(bytes.data(), bytes.size());
    return journal_->append(head, tail) || (compact() && journal_->append(head, tail));
}

bool Recorder::compact() {
    const auto size = Snapshot::renew(*store_, journal_->begin_snapshot(), journal_->snapshot());
    if (size) journal_->commit_snapshot(*size);
    return size.has_value();
}

void Recorder::apply(const Record& record, std::string_view bytes) {
    Store& store = *store_;
    switch (record.input) {
    case Input::connect: return store.connect(record.domain, record.value, bytes, record.ring);
    case Input::disconnect: return store.disconnect(record.domain);
    case Input::receive: return store.receive(record.domain, bytes);
    case Input::sent: return store.sent(record.domain, record.value);
    case Input::reset: return store.reset(record.domain, record.ring);
    case Input::fail: return store.fail(record.domain, static_cast<std::uint8_t>(record.value));
    case Input::introduced: return store.introduced(static_cast<Error>(record.value), record.ring);
    case Input::quota:
        if (record.domain < quota_count) store.set_quota(static_cast<Quota>(record.domain), record.value);
        return;
    }
}

void Recorder::connect(DomainId domain, std::uint32_t port, std::string_view name, RingStart ring) {
    take({Input::connect, domain, port, ring}, name);
}
void Recorder::disconnect(DomainId domain) { take({Input::disconnect, domain, 0, {}}); }
void Recorder::receive(DomainId domain, std::string_view bytes) { take({Input::receive, domain, 0, {}}, bytes); }
void Recorder::sent(DomainId domain, std::size_t count) {
    take({Input::sent, domain, static_cast<std::uint32_t>(count), {}});
}
void Recorder::reset(DomainId domain, RingStart ring) { take({Input::reset, domain, 0, ring}); }
void Recorder::fail(DomainId domain, std::uint8_t failure) { take({Input::fail, domain, failure, {}}); }
void Recorder::introduced(Error error, RingStart ring) {
    take({Input::introduced, 0, static_cast<std::uint32_t>(error), ring});
}
void Recorder::set_quota(Quota quota, std::uint64_t value) {
    take({Input::quota, static_cast<DomainId>(quota), static_cast<std::uint32_t>(value), {}});
}

} // namespace skerry::xenstore
