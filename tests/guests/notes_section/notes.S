/* SPDX-License-Identifier: MIT */
/* No notes at all: the section of text that came before them, as Linux 2.6.18 and its relatives have it. */

    .section __xen_guest, "a", @progbits
    .ascii "GUEST_OS=tiny-guest,GUEST_VER=1,XEN_VER=xen-3.0,LOADER=generic"
    .ascii ",VIRT_BASE=0xffffffff80000000,ELF_PADDR_OFFSET=0x0"
    .ascii ",HYPERCALL_PAGE=0x101"   /* a page number, from the virtual base */
    .ascii ",FEATURES=!writable_page_tables|pae_pgdir_above_4gb,PAE=yes[extended-cr3]"
    .byte 0
.section .note.GNU-stack, "", @progbits
