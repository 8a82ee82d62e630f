// SPDX-License-Identifier: MIT
// glob(): newlib's, which takes it for a success that nothing matches.
#include <glob.h>

extern "C" {

int newlib_glob(const char* pattern, int flags, int (*failed)(const char*, int), glob_t* found); // build.mk

int glob(const char* pattern, int flags, int (*failed)(const char*, int), glob_t* found) {
    const int before = (flags & GLOB_APPEND) != 0 ? found->gl_pathc : 0;
    const int result = newlib_glob(pattern, flags, failed, found);
    return result == 0 && found->gl_pathc == before ? GLOB_NOMATCH : result;
}

} // extern "C"
