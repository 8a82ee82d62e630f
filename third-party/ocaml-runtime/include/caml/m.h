/* SPDX-License-Identifier: MIT
 * What OCaml's configure would find out about the machine. The values are those of Debian's compiler (/usr/lib/ocaml/caml/m.h), whose code this
 * runtime serves. */
#define ARCH_SIXTYFOUR 1
#define HAS_ARCH_CODE32 1
#define SIZEOF_INT 4
#define SIZEOF_LONG 8
#define SIZEOF_PTR 8
#define SIZEOF_SHORT 2
#define SIZEOF_LONGLONG 8
#define PROFINFO_WIDTH 0
#define ASM_CFI_SUPPORTED 1
#define CAML_SAFE_STRING 1
#define FLAT_FLOAT_ARRAY 1
#define FUNCTION_SECTIONS 1
#define SUPPORTS_ALIGNED_ATTRIBUTE 1
#define SUPPORTS_TREE_VECTORIZE 1
