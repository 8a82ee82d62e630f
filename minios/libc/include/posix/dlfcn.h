// SPDX-License-Identifier: MIT
// newlib has no header of this name. A program is one image, and nothing can be loaded into it: all calls fail.
#ifndef SKERRY_DLFCN_H
#define SKERRY_DLFCN_H

#define RTLD_LAZY 1
#define RTLD_NOW 2
#define RTLD_GLOBAL 0x100
#define RTLD_LOCAL 0
#define RTLD_NEXT ((void*)-1)
#define RTLD_DEFAULT ((void*)0)

#ifdef __cplusplus
extern "C" {
#endif

void* dlopen(const char* path, int mode);
int dlclose(void* handle);
void* dlsym(void* handle, const char* name);
char* dlerror(void); // once for each failure

#ifdef __cplusplus
}
#endif

#endif
