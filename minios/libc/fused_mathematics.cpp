// SPDX-License-Identifier: MIT
// Which of the two builds of newlib's sin, cos, exp, log and pow (third-party/newlib/build) a program uses: decided when it starts, and only in programs
// that call one of them. Results of the two may differ in the last bit.
#include <minios/processor.h>

namespace {

bool fused = false;

__attribute__((constructor)) void choose() { fused = minios::processor::enable_fused_multiply_add(); }

} // namespace

extern "C" {

double newlib_sin(double x);
double fused_sin(double x);
double newlib_cos(double x);
double fused_cos(double x);
double newlib_exp(double x);
double fused_exp(double x);
double newlib_log(double x);
double fused_log(double x);
double newlib_pow(double x, double y);
double fused_pow(double x, double y);

double sin(double x) { return fused ? fused_sin(x) : newlib_sin(x); }
double cos(double x) { return fused ? fused_cos(x) : newlib_cos(x); }
double exp(double x) { return fused ? fused_exp(x) : newlib_exp(x); }
double log(double x) { return fused ? fused_log(x) : newlib_log(x); }
double pow(double x, double y) { return fused ? fused_pow(x, y) : newlib_pow(x, y); }

} // extern "C"
