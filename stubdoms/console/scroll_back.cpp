// SPDX-License-Identifier: MIT
#include "scroll_back.h"

namespace skerry::console {

namespace {

constexpr std::uint64_t ns_per_ms = 1'000'000;

} // namespace

void ScrollBack::append(const char* bytes, std::size_t count, std::uint64_t now_ns) {
    if (text_.empty()) return;
    end_ = head_->written;
    for (std::size_t i = 0; i < count; ++i) {
        const char c = bytes[i];
        if (c == '\r') continue;
        if (c == '\n') {
            end_line();
            continue;
        }
        if (head_->line_length == longest_line) end_line();
        if (head_->line_length == 0) put_time(now_ns);
        const auto byte = static_cast<unsigned char>(c);
        put(byte == '\t' || (byte >= 0x20 && byte != 0x7f) ? c : '.');
        ++head_->line_length;
    }
    __atomic_store_n(&head_->written, end_, __ATOMIC_RELEASE);
}

void ScrollBack::put(char c) { text_[end_++ % text_.size()] = c; }

void ScrollBack::end_line() {
    put('\n');
    head_->line_length = 0;
}

/// "  12.345 "
void ScrollBack::put_time(std::uint64_t now_ns) {
    const std::uint64_t ms = now_ns / ns_per_ms;
    char digits[24];
    std::size_t count = 0;
    std::uint64_t rest = ms;
    for (; rest > 0 || count < 5; rest /= 10) { // from the last
        digits[count++] = static_cast<char>('0' + rest % 10);
        if (count == 3) digits[count++] = '.';
    }
    for (std::size_t width = count; width < 9; ++width) put(' ');
    while (count > 0) put(digits[--count]);
    put(' ');
}

std::size_t ScrollBack::last_lines(std::size_t lines, char* to, std::size_t room) const {
    if (text_.empty() || lines == 0 || room == 0) return 0;
    const std::uint64_t end = head_->written;
    const std::uint64_t kept = end < text_.size() ? end : text_.size();
    std::uint64_t begin = end;
    std::size_t found = 0;
    // Back to the line end before the first line that is wanted; the last byte may be a line end itself.
    for (std::uint64_t back = 1; back <= kept && back <= room; ++back) {
        if (at(end - back) == '\n' && back > 1 && ++found == lines) break;
        begin = end - back;
    }
    // What is left of a line whose beginning is gone, or does not fit, is no line.
    if (found < lines && end - begin < end)
        while (begin < end && at(begin++) != '\n') {}
    std::size_t count = 0;
    for (; begin < end; ++begin) to[count++] = at(begin);
    return count;
}

} // namespace skerry::console
