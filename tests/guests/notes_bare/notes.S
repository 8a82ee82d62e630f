/* SPDX-License-Identifier: MIT */
/* As few notes as a kernel gets by with: no virtual base, no offset, no entry, no features. */
#include "lib/note.inc"

note XEN_ELFNOTE_GUEST_OS;       .asciz "tiny-guest";     end_note
note XEN_ELFNOTE_XEN_VERSION;    .asciz "xen-3.0";        end_note
note XEN_ELFNOTE_LOADER;         .asciz "generic";        end_note
note XEN_ELFNOTE_HYPERCALL_PAGE; .quad  hypercall_page;   end_note

    .globl chosen_virt_base         /* for lib/guest.lds: linked where it is loaded, from 0 on */
    .set    chosen_virt_base, 0
.section .note.GNU-stack, "", @progbits
