// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name, which has these functions and does not declare them.
#ifndef SKERRY_COMPLEX_H
#define SKERRY_COMPLEX_H

#include_next <complex.h>

#ifdef __cplusplus
extern "C" {
#endif

long double complex cacoshl(long double complex);
long double complex cacosl(long double complex);
long double complex casinhl(long double complex);
long double complex catanhl(long double complex);
long double complex ccoshl(long double complex);
long double complex ccosl(long double complex);
long double complex cexpl(long double complex);
long double complex conjl(long double complex);
long double complex cpowl(long double complex, long double complex);
long double complex cprojl(long double complex);
long double complex csinhl(long double complex);
long double complex csinl(long double complex);
long double complex ctanhl(long double complex);
long double complex ctanl(long double complex);

#ifdef __cplusplus
}
#endif

#endif
