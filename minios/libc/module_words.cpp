// SPDX-License-Identifier: MIT
#include "module_words.h"

#include "cpio_reader.h"

#include <minios/memory.h>
#include <minios/start.h>

#include <string.h>

namespace minios::libc {

namespace {

bool find_words(ArchiveEntry& entry) {
    for (const Module& module : modules())
        if (module.contiguous && CpioReader(module.data, module.size).next(entry) &&
            strcmp(entry.name, module_words_name) == 0)
            return true;
    return false;
}

} // namespace

void add_module_words(Arguments& arguments) {
    ArchiveEntry entry;
    if (!find_words(entry) || entry.size == 0) return;
    if (entry.data[entry.size - 1] != 0) panic("libc: %s does not end in a zero byte", module_words_name);
    std::size_t count = 0;
    for (std::size_t i = 0; i < entry.size; ++i) count += entry.data[i] == 0;
    // A program may write to its arguments, but not to a module.
    auto* text = static_cast<char*>(heap::allocate(entry.size));
    const std::size_t before = static_cast<std::size_t>(arguments.count);
    auto** words = static_cast<char**>(heap::allocate((before + count + 1) * sizeof(char*)));
    if (text == nullptr || words == nullptr) panic("libc: no memory for %lu bytes of arguments", entry.size);
    memcpy(text, entry.data, entry.size);
    memcpy(words, arguments.words, before * sizeof(char*));
    for (std::size_t i = 0; i < count; ++i, text += strlen(text) + 1) words[before + i] = text;
    words[before + count] = nullptr;
    arguments = {static_cast<int>(before + count), words};
}

} // namespace minios::libc
