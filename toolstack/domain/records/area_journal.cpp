// SPDX-License-Identifier: MIT
#include "toolstack/domain/records/area_journal.h"

#include "toolstack/domain/records/records.h"

#include <cstring>

namespace skerry::toolstack {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

void AreaJournal::keep(std::string_view record) {
    const RecordSubject subject = subject_of(record);
    if (subject.name.empty()) return;
    if (subject.is_gone)
        counting_.erase(subject.name);
    else
        counting_[subject.name] = record;
}

void AreaJournal::append(std::string_view record) {
    keep(record);
    if (journal_.append(bytes_of(record))) return;
    take_snapshot(); // which has this record in it
}

/// Lines: a record is JSON in one line.
void AreaJournal::take_snapshot() {
    const std::span<std::byte> room = journal_.begin_snapshot();
    std::size_t used = 0;
    for (const auto& [name, record] : counting_) {
        if (record.size() + 1 > room.size() - used)
            throw Failure(code::no_memory, "the toolstack's state area is too small for its guests");
        std::memcpy(room.data() + used, record.data(), record.size());
        used += record.size();
        room[used++] = std::byte{'\n'};
    }
    journal_.commit_snapshot(used);
}

void AreaJournal::replay(const std::function<void(std::string_view)>& take) {
    was_damaged_ = journal_.open() == minios::Journal::Found::damaged;
    if (was_damaged_) return journal_.clear();
    const auto each = [&](std::string_view record) {
        keep(record);
        take(record);
    };
    std::string_view snapshot = text_of(journal_.snapshot());
    for (std::size_t end; (end = snapshot.find('\n')) != std::string_view::npos; snapshot.remove_prefix(end + 1))
        each(snapshot.substr(0, end));
    auto reader = journal_.records();
    while (const auto record = reader.next()) each(text_of(*record));
}

} // namespace skerry::toolstack
