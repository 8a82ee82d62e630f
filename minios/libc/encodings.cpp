// SPDX-License-Identifier: MIT
// iconv_open(): newlib's, with an errno where there is no such encoding, and names that other systems know.
#include "result.h"

#include <iconv.h>
#include <langinfo.h>
#include <string.h>
#include <strings.h>

extern "C" iconv_t newlib_iconv_open(const char* to, const char* from); // third-party/newlib/build

namespace {

constexpr std::size_t longest_name = 32;

struct Alias {
    const char *name, *known_as;
};
constexpr Alias aliases[] = {
    {"", nullptr},           {"WCHAR_T", "UCS-4-INTERNAL"}, {"UTF-32", "UCS-4"},        {"UTF-32BE", "UCS-4BE"},
    {"UTF-32LE", "UCS-4LE"}, {"WINDOWS-1250", "CP1250"},    {"WINDOWS-1251", "CP1251"}, {"WINDOWS-1252", "CP1252"},
};

/// Newlib's name for an encoding, without a suffix "//...", which asks for approximations: there are none.
void translate(const char* name, char (&known)[longest_name]) {
    const char* suffix = strstr(name, "//");
    const std::size_t length = suffix != nullptr ? static_cast<std::size_t>(suffix - name) : strlen(name);
    known[0] = '?', known[1] = 0; // nobody's name
    if (length >= longest_name) return;
    memcpy(known, name, length);
    known[length] = 0;
    for (const Alias& alias : aliases)
        if (strcasecmp(known, alias.name) == 0)
            strcpy(known, alias.known_as != nullptr ? alias.known_as : nl_langinfo(CODESET));
}

} // namespace

extern "C" iconv_t iconv_open(const char* to, const char* from) {
    char known_to[longest_name], known_from[longest_name];
    translate(to, known_to);
    translate(from, known_from);
    errno = 0;
    const iconv_t conversion = newlib_iconv_open(known_to, known_from);
    if (conversion == reinterpret_cast<iconv_t>(-1) && errno == 0) errno = EINVAL;
    return conversion;
}
