/* SPDX-License-Identifier: MIT */
/* A kernel that wants its symbol table loaded, as the BSDs do. */
#include "lib/note.inc"

note XEN_ELFNOTE_GUEST_OS;       .asciz "tiny-guest";     end_note
note XEN_ELFNOTE_XEN_VERSION;    .asciz "xen-3.0";        end_note
note XEN_ELFNOTE_LOADER;         .asciz "generic";        end_note
note XEN_ELFNOTE_VIRT_BASE;      .quad  virt_base;        end_note
note XEN_ELFNOTE_PADDR_OFFSET;   .quad  0;                end_note
note XEN_ELFNOTE_HYPERCALL_PAGE; .quad  hypercall_page;   end_note
note XEN_ELFNOTE_BSD_SYMTAB;     .asciz "yes";            end_note
.section .note.GNU-stack, "", @progbits
