// SPDX-License-Identifier: MIT
// The digits of a floating-point number, for printf. newlib makes them with an emulation of 144-bit arithmetic as soon as it is built with long
// double, twenty times slower than its function for double; but nearly every number that is printed is a double.
#include <reent.h>

char* _dtoa_r(struct _reent*, double value, int mode, int digits, int* exponent, int* negative, char** end);
/// newlib's own _ldtoa_r (third-party/newlib/build renames it).
char* newlib_ldtoa_r(struct _reent*, long double value, int mode, int digits, int* exponent, int* negative, char** end);
char* _ldtoa_r(struct _reent*, long double value, int mode, int digits, int* exponent, int* negative, char** end);

char* _ldtoa_r(struct _reent* reent, long double value, int mode, int digits, int* exponent, int* negative,
               char** end) {
    if ((double)value == value) return _dtoa_r(reent, (double)value, mode, digits, exponent, negative, end);
    return newlib_ldtoa_r(reent, value, mode, digits, exponent, negative, end);
}
