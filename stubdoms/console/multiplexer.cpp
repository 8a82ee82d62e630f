// SPDX-License-Identifier: MIT
#include "multiplexer.h"

namespace skerry::console {

std::size_t Multiplexer::write(Source& source, const char* bytes, std::size_t count) {
    std::size_t done = 0;
    const std::size_t needed = source.interactive ? 1 : worst_growth;
    for (; done < count && terminal_.room() >= needed; ++done) {
        if (source.interactive) {
            write_interactive(bytes[done]);
            continue;
        }
        if (must_wait(source, bytes[done])) break;
        write_line_byte(source, bytes[done]);
        source.quiet = false;
    }
    return done;
}

void Multiplexer::write_interactive(char c) {
    terminal_.put(c);
    at_line_start_ = c == '\n' || (at_line_start_ && c == '\r');
}

void Multiplexer::write_line_byte(Source& source, char c) {
    if (c == '\n') {
        end_line(source);
        source.after_return = false;
        return;
    }
    if (source.after_return) // a return that did not end a line: what follows would have overwritten it
        source.line[source.length++] = ' ';
    source.after_return = c == '\r' && source.length > 0;
    if (c != '\r') {
        const auto byte = static_cast<unsigned char>(c);
        source.line[source.length++] = byte == '\t' || (byte >= 0x20 && byte != 0x7f) ? c : '.';
    }
    if (source.length >= line_limit - 1) end_line(source);
}

void Multiplexer::end_line(Source& source) {
    if (!at_line_start_) text("\r\n", 2);
    if (source.name[0] != 0) {
        std::size_t length = 0;
        while (source.name[length] != 0) ++length;
        text("[", 1);
        text(source.name, length);
        text("] ", 2);
    }
    text(source.line, source.length);
    text("\r\n", 2);
    source.length = 0;
    at_line_start_ = true;
}

void Multiplexer::flush_quiet(Source& source) {
    if (source.quiet && source.length > 0 && terminal_.room() >= worst_growth) end_line(source);
    source.quiet = true;
}

} // namespace skerry::console
