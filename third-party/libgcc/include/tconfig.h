// SPDX-License-Identifier: MIT
// For libgcc's sources, in place of what gcc's build would write: the linker sorts the unwind tables.
#ifndef SKERRY_TCONFIG_H
#define SKERRY_TCONFIG_H
#define HAVE_LD_EH_FRAME_HDR 1
#define TARGET_DL_ITERATE_PHDR 1
#define USE_PT_GNU_EH_FRAME 1
#endif
