// SPDX-License-Identifier: MIT
// Splits a command line into words: at blanks; 'single' and "double" quotes group and are removed. Pure; tested on the
// host.
#pragma once

#include <cstddef>

namespace minios {

/// Splits `text` in place. Writes at most `most` pointers; returns how many. The rest of a line with too many words is
/// left out.
inline std::size_t split_words(char* text, char** words, std::size_t most) {
    std::size_t count = 0;
    char* out = text;
    for (const char* in = text; *in != 0 && count < most;) {
        while (*in == ' ' || *in == '\t' || *in == '\n' || *in == '\r') ++in;
        if (*in == 0) break;
        words[count++] = out;
        char quote = 0;
        for (; *in != 0; ++in) {
            if (quote == 0 && (*in == ' ' || *in == '\t' || *in == '\n' || *in == '\r')) break;
            if (quote == 0 && (*in == '"' || *in == '\''))
                quote = *in;
            else if (quote != 0 && *in == quote)
                quote = 0;
            else
                *out++ = *in;
        }
        if (*in != 0) ++in;
        *out++ = 0;
    }
    return count;
}

} // namespace minios
