// SPDX-License-Identifier: MIT
// Brings the output of many sources onto one terminal. The interactive source's bytes pass as they are; any other
// source's are shown line by line behind its name, with control characters made harmless, so that no domain can move
// the terminal's cursor or imitate another's lines. Bounded: at most `line_limit` bytes wait in each source, and output
// is accepted only as long as the terminal's queue has room for what it may become.
#pragma once

#include <minios/backends/byte_queue.h>

#include <cstdint>

namespace skerry::console {

using minios::backends::ByteQueue;
using TerminalQueue = ByteQueue<8192>;

class Multiplexer {
  public:
    static constexpr std::size_t line_limit = 200, most_name = 31;
    /// Terminal bytes that one accepted byte can cost at worst: a whole line with its prefix and line ends.
    static constexpr std::size_t worst_growth = line_limit + most_name + 8;

    struct Source {
        char name[most_name + 1] = {}; ///< empty: lines are shown without a prefix
        bool interactive = false;
        char line[line_limit];
        std::size_t length = 0;
        bool after_return = false; ///< the last byte was '\r'
        bool quiet = true;         ///< nothing written since flush_quiet() last looked
    };

    explicit Multiplexer(TerminalQueue& terminal) : terminal_(terminal) {}

    /// Takes as many of the bytes as the terminal has room for; returns how many.
    std::size_t write(Source& source, const char* bytes, std::size_t count);
    /// To be called now and then: shows an unfinished line of a source that has been quiet since the last call, if
    /// there is room.
    void flush_quiet(Source& source);
    /// While on, whole lines of others wait as long as the interactive source is in the middle of a line. For when it
    /// is busy writing one.
    void hold_lines(bool on) { hold_ = on; }

  private:
    void write_interactive(char c);
    void write_line_byte(Source& source, char c);
    void end_line(Source& source);
    /// Would the next byte show a line at a moment when lines are held?
    bool must_wait(const Source& source, char next) const {
        return hold_ && !at_line_start_ && (next == '\n' || source.length + 2 >= line_limit - 1);
    }
    void text(const char* bytes, std::size_t count) { terminal_.put(bytes, count); }

    TerminalQueue& terminal_;
    bool at_line_start_ = true, hold_ = false;
};

} // namespace skerry::console
