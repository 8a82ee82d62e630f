// SPDX-License-Identifier: MIT
#include <minios/journal.h>

namespace minios {

namespace {

constexpr std::uint64_t magic_word = 0x4c4e524a'00000000; // "JRNL", then the format

constexpr std::size_t padded(std::size_t size) { return (size + 7) & ~std::size_t{7}; }

struct RecordHead {
    std::uint32_t size;  ///< bytes, without this and the padding
    std::uint32_t check; ///< its complement
};
static_assert(sizeof(RecordHead) == 8);

} // namespace

Journal::Journal(std::span<std::byte> area, std::uint32_t format)
    : area_(area), half_size_((area.size() - head_size) / 2 & ~std::size_t{7}), magic_(magic_word | format) {}

void Journal::write(void* to, const void* from, std::size_t size) {
    if (size == 0) return;
    if (before_write != nullptr) before_write();
    __builtin_memcpy(to, from, size);
}

void Journal::write_word(std::uint64_t& to, std::uint64_t value) {
    if (before_write != nullptr) before_write();
    __atomic_store_n(&to, value, __ATOMIC_RELEASE);
}

Journal::Found Journal::open() {
    if (__atomic_load_n(&head().magic, __ATOMIC_ACQUIRE) == 0) {
        clear();
        return Found::nothing;
    }
    if (!is_sound()) return Found::damaged;
    return snapshot().empty() && record_bytes() == 0 ? Found::nothing : Found::records;
}

void Journal::clear() {
    write_word(head().magic, 0);
    write_word(head().half_size, half_size_);
    write_word(head().active, 0);
    write_word(half(0).snapshot_size, 0);
    write_word(half(0).end, 0);
    write_word(head().magic, magic_);
}

bool Journal::is_sound() const {
    if (head().magic != magic_ || head().half_size != half_size_ || head().active > 1) return false;
    const Half& now = half(active());
    if (now.end > data_size() || now.end % 8 != 0 || now.snapshot_size > now.end) return false;
    if (padded(now.snapshot_size) > now.end) return false;
    const std::byte* bytes = data(active());
    for (std::size_t at = padded(now.snapshot_size); at < now.end;) {
        RecordHead record;
        __builtin_memcpy(&record, bytes + at, sizeof record);
        if (record.check != ~record.size || record.size > now.end - at - sizeof record) return false;
        at += sizeof record + padded(record.size);
    }
    return true;
}

std::span<const std::byte> Journal::snapshot() const { return {data(active()), half(active()).snapshot_size}; }

std::size_t Journal::record_bytes() const { return half(active()).end - padded(half(active()).snapshot_size); }

Journal::Reader Journal::records() const {
    return Reader({data(active()) + padded(half(active()).snapshot_size), record_bytes()});
}

std::optional<std::span<const std::byte>> Journal::Reader::next() {
    RecordHead record;
    if (rest_.size() < sizeof record) return std::nullopt;
    __builtin_memcpy(&record, rest_.data(), sizeof record);
    if (record.size > rest_.size() - sizeof record) return std::nullopt;
    const auto bytes = rest_.subspan(sizeof record, record.size);
    const std::size_t whole = sizeof record + padded(record.size);
    rest_ = rest_.subspan(whole < rest_.size() ? whole : rest_.size());
    return bytes;
}

bool Journal::append(std::span<const std::byte> first, std::span<const std::byte> second) {
    const std::uint64_t which = active();
    const std::size_t end = half(which).end, size = first.size() + second.size();
    if (size > UINT32_MAX || sizeof(RecordHead) + padded(size) > data_size() - end) return false;
    std::byte* at = data(which) + end;
    const RecordHead record{static_cast<std::uint32_t>(size), ~static_cast<std::uint32_t>(size)};
    write(at, &record, sizeof record);
    write(at + sizeof record, first.data(), first.size());
    if (!second.empty()) write(at + sizeof record + first.size(), second.data(), second.size());
    write_word(half(which).end, end + sizeof record + padded(size));
    return true;
}

std::span<std::byte> Journal::begin_snapshot() { return {data(1 - active()), data_size()}; }

void Journal::commit_snapshot(std::size_t size) {
    const std::uint64_t which = 1 - active();
    write_word(half(which).snapshot_size, size);
    write_word(half(which).end, padded(size));
    write_word(head().active, which);
}

} // namespace minios
