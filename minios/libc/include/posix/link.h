// SPDX-License-Identifier: MIT
// What the unwinder asks for: the one loaded object of a domain, its image.
#ifndef SKERRY_LINK_H
#define SKERRY_LINK_H

#include <elf.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ElfW(type) Elf64_##type

struct dl_phdr_info {
    Elf64_Addr dlpi_addr;
    const char* dlpi_name;
    const Elf64_Phdr* dlpi_phdr;
    Elf64_Half dlpi_phnum;
    unsigned long long dlpi_adds; // objects ever loaded, and unloaded
    unsigned long long dlpi_subs;
};

int dl_iterate_phdr(int (*callback)(struct dl_phdr_info* info, size_t size, void* context), void* context);

#ifdef __cplusplus
}
#endif

#endif
