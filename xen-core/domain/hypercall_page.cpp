// SPDX-License-Identifier: MIT
#include "domain/hypercall_page.h"

#include "base/types.h"

#include <string.h>
#include <xen/xen.h>

namespace skerry {

void fill_hypercall_page(uint8_t* page) {
    constexpr unsigned stub_size = 32;
    // push %rcx; push %r11; mov $number,%eax; syscall; pop %r11; pop %rcx; ret: SYSCALL overwrites rcx and r11.
    static constexpr uint8_t stub[] = {0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
    // iret leaves them, rax and the frame above on the stack, and never returns.
    static constexpr uint8_t iret[] = {0x51, 0x41, 0x53, 0x50, 0xb8, __HYPERVISOR_iret, 0, 0, 0, 0x0f, 0x05};
    constexpr unsigned number_offset = 4;
    memset(page, 0xcc, page_size); // int3
    for (unsigned number = 0; number < page_size / stub_size; ++number) {
        uint8_t* entry = page + number * stub_size;
        memcpy(entry, stub, sizeof(stub));
        entry[number_offset] = static_cast<uint8_t>(number);
    }
    memcpy(page + __HYPERVISOR_iret * stub_size, iret, sizeof(iret));
}

} // namespace skerry
