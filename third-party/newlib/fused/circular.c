// SPDX-License-Identifier: MIT
// newlib's sin and cos, with what they call, in one piece, so that the compiler need not go through memory and calls between them.
static inline __attribute__((always_inline)) double __kernel_sin(double x, double y, int has_tail);
static inline __attribute__((always_inline)) double __kernel_cos(double x, double y);
static inline __attribute__((always_inline)) int __ieee754_rem_pio2(double x, double* remainder);

#include "math/k_sin.c"
#define half half_of_k_cos
#define one one_of_k_cos
#include "math/k_cos.c"
#undef half
#undef one
#define half half_of_rem_pio2
#include "math/e_rem_pio2.c"
#undef half
#include "math/s_cos.c"
#include "math/s_sin.c"
