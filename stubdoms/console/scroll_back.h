// SPDX-License-Identifier: MIT
// The last lines that a guest wrote, each behind the time at which it began. Bounded: the oldest bytes go. Control
// characters are made harmless, so that a log can be shown on any terminal.
//
// It lies in memory that may survive this domain, which can be killed between any two stores: `written` is stored last.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace skerry::console {

class ScrollBack {
  public:
    static constexpr std::size_t longest_line = 1000; ///< bytes; longer ones are continued in the next

    /// What stands before the text. All zero: empty.
    struct Head {
        std::uint64_t written;     ///< bytes ever put in
        std::uint32_t line_length; ///< of the unfinished line, without its time; 0: the next byte begins a line
        std::uint32_t padding;
    };

    ScrollBack() = default;
    ScrollBack(Head& head, std::span<char> text) : head_(&head), text_(text) {
        if (head.line_length > longest_line) head.line_length = 0; // not ours
    }

    /// `now_ns`: the time to say before lines that begin.
    void append(const char* bytes, std::size_t count, std::uint64_t now_ns);
    /// Copies the last `lines` lines, as many as fit into `room` bytes; how many bytes that were.
    std::size_t last_lines(std::size_t lines, char* to, std::size_t room) const;

  private:
    void put(char c);
    void end_line();
    void put_time(std::uint64_t now_ns);
    char at(std::uint64_t position) const { return text_[position % text_.size()]; }

    Head* head_ = nullptr;
    std::span<char> text_;
    std::uint64_t end_ = 0; // while appending
};

} // namespace skerry::console
