// SPDX-License-Identifier: MIT
// Where the unwinder finds its tables: the linker has sorted them (--eh-frame-hdr), so that nothing is registered at
// start, and the first exception needs no memory and no sorting.
#include <link.h>

extern "C" {
extern const char minios_text_start[], minios_image_end[], minios_eh_frame_hdr_start[], minios_eh_frame_hdr_end[];

#ifndef PT_GNU_EH_FRAME
#define PT_GNU_EH_FRAME 0x6474e550
#endif

int dl_iterate_phdr(int (*callback)(struct dl_phdr_info*, size_t, void*), void* context) {
    const auto address = [](const char* symbol) { return reinterpret_cast<Elf64_Addr>(symbol); };
    static Elf64_Phdr headers[2]; // the unwinder remembers where they are
    headers[0].p_type = PT_LOAD;
    headers[0].p_vaddr = address(minios_text_start);
    headers[0].p_memsz = static_cast<Elf64_Xword>(minios_image_end - minios_text_start);
    headers[1].p_type = PT_GNU_EH_FRAME;
    headers[1].p_vaddr = address(minios_eh_frame_hdr_start);
    headers[1].p_memsz = static_cast<Elf64_Xword>(minios_eh_frame_hdr_end - minios_eh_frame_hdr_start);
    struct dl_phdr_info info = {0, "", headers, 2, 1, 0};
    return callback(&info, sizeof info, context);
}
} // extern "C"
