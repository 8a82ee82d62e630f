// SPDX-License-Identifier: MIT
// For libgcc's sources: the target, as far as the compiler's own __LIBGCC_* macros do not say it.
#ifndef SKERRY_TM_H
#define SKERRY_TM_H
#define BITS_PER_UNIT 8
#define DWARF_REG_TO_UNWIND_COLUMN(number) (number)
#define MIN_UNITS_PER_WORD 8
#define UNITS_PER_WORD 8
#endif
