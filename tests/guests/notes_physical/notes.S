/* SPDX-License-Identifier: MIT */
/* A virtual base, and physical addresses as large as the virtual ones. */
#include "lib/note.inc"

note XEN_ELFNOTE_GUEST_OS;       .asciz "tiny-guest";     end_note
note XEN_ELFNOTE_XEN_VERSION;    .asciz "xen-3.0";        end_note
note XEN_ELFNOTE_LOADER;         .asciz "generic";        end_note
note XEN_ELFNOTE_VIRT_BASE;      .quad  virt_base;        end_note
note XEN_ELFNOTE_PADDR_OFFSET;   .quad  virt_base;        end_note
note XEN_ELFNOTE_HYPERCALL_PAGE; .quad  hypercall_page;   end_note

    .globl chosen_load_offset       /* for lib/guest.lds */
    .set    chosen_load_offset, 0
.section .note.GNU-stack, "", @progbits
