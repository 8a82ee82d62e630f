// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name, which does not declare the functions of long double: newlib has few of them. They are musl's
// (third-party/musl); they report errors by the exceptions of <fenv.h>, and do not set errno.
#ifndef SKERRY_MATH_H
#define SKERRY_MATH_H

#define exp10l newlib_exp10l // declared wrongly there, and not defined
#include_next <math.h>
#undef exp10l

#ifdef __cplusplus
extern "C" {
#endif

long double acosl(long double);
long double asinl(long double);
long double atanl(long double);
long double atan2l(long double, long double);
long double ceill(long double);
long double coshl(long double);
long double cosl(long double);
long double expl(long double);
long double fabsl(long double);
long double floorl(long double);
long double fmodl(long double, long double);
long double frexpl(long double, int*);
long double ldexpl(long double, int);
long double log10l(long double);
long double logl(long double);
long double modfl(long double, long double*);
long double powl(long double, long double);
long double sinhl(long double);
long double sinl(long double);
long double tanhl(long double);
long double tanl(long double);

#if __ISO_C_VISIBLE >= 1999
double nexttoward(double, long double);
float nexttowardf(float, long double);
int ilogbl(long double);
long double acoshl(long double);
long double asinhl(long double);
long double atanhl(long double);
long double cbrtl(long double);
long double copysignl(long double, long double);
long double erfcl(long double);
long double erfl(long double);
long double exp2l(long double);
long double expm1l(long double);
long double fdiml(long double, long double);
long double fmal(long double, long double, long double);
long double fmaxl(long double, long double);
long double fminl(long double, long double);
long double lgammal(long double);
long double log1pl(long double);
long double log2l(long double);
long double logbl(long double);
long double nanl(const char*);
long double nearbyintl(long double);
long double nextafterl(long double, long double);
long double nexttowardl(long double, long double);
long double remainderl(long double, long double);
long double remquol(long double, long double, int*);
long double rintl(long double);
long double roundl(long double);
long double scalblnl(long double, long);
long double scalbnl(long double, int);
long double tgammal(long double);
long double truncl(long double);
long int lrintl(long double);
long int lroundl(long double);
long long int llrintl(long double);
long long int llroundl(long double);
#endif

#if __GNU_VISIBLE
long double exp10l(long double);
#endif

#ifdef __cplusplus
}
#endif

#endif
