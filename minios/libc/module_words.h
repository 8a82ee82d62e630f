// SPDX-License-Identifier: MIT
// Arguments and environment that the domain's command line, which holds 1023 bytes, has no room for: the file
// ".skerry-words" when it is the first member of the boot module's cpio archive. It holds words, each ended by a zero
// byte, which follow those of the command line as they are: nothing is split or unquoted.
#pragma once

namespace minios::libc {

inline constexpr char module_words_name[] = ".skerry-words";

struct Arguments {
    int count;
    char** words; ///< of which the first is the program's name; a null pointer ends them
};

/// Adds the module's words, if it has any. Panics when they are broken or there is no memory for them.
void add_module_words(Arguments& arguments);

} // namespace minios::libc
