/* SPDX-License-Identifier: MIT */
/* The Xen ELF notes of a tiny guest, as xen/elfnote.h describes them. A guest that wants others brings its own notes.S. */
#include "lib/note.inc"

note XEN_ELFNOTE_GUEST_OS;       .asciz "tiny-guest";               end_note
note XEN_ELFNOTE_GUEST_VERSION;  .asciz "1";                        end_note
note XEN_ELFNOTE_XEN_VERSION;    .asciz "xen-3.0";                  end_note
note XEN_ELFNOTE_LOADER;         .asciz "generic";                  end_note
note XEN_ELFNOTE_VIRT_BASE;      .quad  virt_base;                  end_note
note XEN_ELFNOTE_PADDR_OFFSET;   .quad  0;                          end_note
note XEN_ELFNOTE_ENTRY;          .quad  guest_entry;                end_note
note XEN_ELFNOTE_HYPERCALL_PAGE; .quad  hypercall_page;             end_note
note XEN_ELFNOTE_FEATURES;       .asciz "!writable_page_tables|pae_pgdir_above_4gb"; end_note
.section .note.GNU-stack, "", @progbits
