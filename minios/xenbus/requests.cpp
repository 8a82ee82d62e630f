// SPDX-License-Identifier: MIT
// The calls of <minios/xenbus.h>, each a request or a few.
#include "connection.h"

namespace minios::xenbus {

namespace {

constexpr std::string_view zero("", 1);

/// A request whose answer is "OK".
template <class... Pieces> Result<void> tell(std::uint32_t type, TransactionId in, Pieces... pieces) {
    const std::string_view payload[] = {pieces...};
    char ok[3];
    const auto answer = connection().ask(type, in, payload, ok);
    return answer ? Result<void>() : answer.error();
}

std::string_view decimal(std::uint64_t number, std::span<char> text) {
    const int length = format_to(text.data(), text.size(), "%lu", static_cast<unsigned long>(number));
    return {text.data(), static_cast<std::size_t>(length)};
}

bool parse_decimal(std::string_view text, std::uint64_t most, std::uint64_t& number) {
    number = 0;
    for (const char c : text) {
        const auto digit = static_cast<std::uint64_t>(c - '0');
        if (c < '0' || c > '9' || number > (most - digit) / 10) return false;
        number = number * 10 + digit;
    }
    return !text.empty();
}

/// Lists that one message cannot hold: part after part, each with the count of the list's changes.
Result<std::size_t> directory_in_parts(std::string_view path, std::span<char> names, TransactionId in) {
    static char part[longest_payload]; // one user at a time: see `turn`
    static bool busy;
    static WaitQueue turn;
    wait_until(turn, [] { return !busy; });
    busy = true;
    Result<std::size_t> result = Error::range;
    char count[24] = {};
    std::size_t count_length = 0, used = 0;
    for (;;) {
        char number[24];
        const std::string_view payload[] = {path, zero, decimal(used, number), zero};
        const auto length = connection().ask(XS_DIRECTORY_PART, in, payload, part);
        if (!length) {
            result = length.error();
            break;
        }
        const std::string_view answer(part, *length < sizeof part ? *length : sizeof part);
        const std::size_t end = answer.find('\0');
        if (end == answer.npos || end >= sizeof count) {
            result = Error::io;
            break;
        }
        std::string_view list = answer.substr(end + 1);
        if (used != 0 && answer.substr(0, end) != std::string_view(count, count_length)) {
            used = 0; // it changed meanwhile
            continue;
        }
        count_length = answer.copy(count, end);
        // An empty name ends the list.
        const bool last = list == zero || list.ends_with(std::string_view("\0\0", 2));
        if (last) list.remove_suffix(1);
        if (list.size() > names.size() - used || (list.empty() && !last)) break;
        used += list.copy(names.data() + used, list.size());
        if (last) {
            result = used;
            break;
        }
    }
    busy = false;
    turn.wake_one();
    return result;
}

} // namespace

Result<void> start() { return connection().start(); }

Result<std::size_t> request(std::uint32_t type, std::string_view payload, std::span<char> answer, TransactionId in) {
    const auto length = connection().ask(type, in, {&payload, 1}, answer);
    if (length && *length > answer.size()) return Error::range;
    return length;
}

Result<std::size_t> read(std::string_view path, std::span<char> value, TransactionId in) {
    const std::string_view payload[] = {path, zero};
    return connection().ask(XS_READ, in, payload, value);
}

Result<std::uint64_t> read_number(std::string_view path, std::uint64_t most, TransactionId in) {
    char text[24];
    const auto length = read(path, text, in);
    if (!length) return length.error();
    std::uint64_t number = 0;
    if (*length > sizeof text || !parse_decimal({text, *length}, most, number)) return Error::invalid;
    return number;
}

Result<void> write(std::string_view path, std::string_view value, TransactionId in) {
    return tell(XS_WRITE, in, path, zero, value);
}
Result<void> make(std::string_view path, TransactionId in) { return tell(XS_MKDIR, in, path, zero); }
Result<void> remove(std::string_view path, TransactionId in) { return tell(XS_RM, in, path, zero); }
Result<void> set_permissions(std::string_view path, std::string_view permissions, TransactionId in) {
    return tell(XS_SET_PERMS, in, path, zero, permissions);
}

Result<std::size_t> directory(std::string_view path, std::span<char> names, TransactionId in) {
    const std::string_view payload[] = {path, zero};
    const auto length = connection().ask(XS_DIRECTORY, in, payload, names);
    if (!length && static_cast<int>(length.error()) == XEN_E2BIG) return directory_in_parts(path, names, in);
    if (length && *length > names.size()) return Error::range;
    return length;
}

Result<TransactionId> begin() {
    char text[16];
    const auto length = connection().ask(XS_TRANSACTION_START, no_transaction, {&zero, 1}, text);
    if (!length) return length.error();
    std::uint64_t id = 0;
    if (*length < 2 || *length > sizeof text || !parse_decimal({text, *length - 1}, UINT32_MAX, id) || id == 0)
        return Error::io;
    return static_cast<TransactionId>(id);
}

Result<void> end(TransactionId transaction, bool commit) {
    return tell(XS_TRANSACTION_END, transaction, std::string_view(commit ? "T" : "F", 2));
}

Batch::Batch(TransactionId in) : in_(in) { connection().begin_batch(); }

void Batch::write(std::string_view path, std::string_view value) {
    const std::string_view payload[] = {path, zero, value};
    connection().post(XS_WRITE, in_, payload);
}
void Batch::make(std::string_view path) {
    const std::string_view payload[] = {path, zero};
    connection().post(XS_MKDIR, in_, payload);
}
void Batch::remove(std::string_view path) {
    const std::string_view payload[] = {path, zero};
    connection().post(XS_RM, in_, payload, true);
}
void Batch::set_permissions(std::string_view path, std::string_view permissions) {
    const std::string_view payload[] = {path, zero, permissions};
    connection().post(XS_SET_PERMS, in_, payload);
}
Result<void> Batch::finish() {
    if (finished_) return {};
    finished_ = true;
    return connection().finish_batch();
}

Result<void> introduce(DomId domain, Port port) {
    char number[24], channel[24];
    // The frame number: ours looks at the grant only.
    return tell(XS_INTRODUCE, no_transaction, decimal(domain.value, number), zero, std::string_view("0", 2),
                decimal(port.value, channel), zero);
}

Result<void> release(DomId domain) {
    char number[24];
    return tell(XS_RELEASE, no_transaction, decimal(domain.value, number), zero);
}

Result<void> Watch::set(std::string_view path, void (*on_fire)(Watch&, void*), void* context) {
    if (number_ != 0 || path.size() > longest_watched) return Error::invalid;
    path_length_ = path.copy(path_, sizeof path_);
    fired_ = false;
    on_fire_ = on_fire;
    context_ = context;
    connection().add(*this); // before the first event can come
    char number[24];
    auto set = tell(XS_WATCH, no_transaction, path, zero, decimal(number_, number), zero);
    if (!set) connection().drop(*this);
    return set;
}

Result<void> Watch::clear() {
    if (number_ == 0) return {};
    char number[24];
    auto cleared =
        tell(XS_UNWATCH, no_transaction, std::string_view(path_, path_length_), zero, decimal(number_, number), zero);
    connection().drop(*this);
    return cleared;
}

bool Watch::take() {
    const bool fired = fired_;
    fired_ = false;
    return fired;
}

bool Watch::wait(std::uint64_t deadline_ns) {
    while (!take())
        if (!waiting_.wait(deadline_ns)) return take();
    return true;
}

} // namespace minios::xenbus
