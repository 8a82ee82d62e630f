// SPDX-License-Identifier: MIT
// dlopen() and its kind: there is nothing but the program's own image, whose symbols it does not carry.
#include <dlfcn.h>

namespace {

const char* error;

void* refuse(const char* why) {
    error = why;
    return nullptr;
}

} // namespace

extern "C" {

void* dlopen(const char*, int) { return refuse("nothing can be loaded into a domain"); }
void* dlsym(void*, const char*) { return refuse("a domain's image has no table of symbols"); }
int dlclose(void*) {
    refuse("no such handle");
    return -1;
}

char* dlerror() {
    const char* last = error;
    error = nullptr;
    return const_cast<char*>(last);
}

} // extern "C"
