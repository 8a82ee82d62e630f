// SPDX-License-Identifier: MIT
// The turns at which a debugger would act, in programs without one. A member of libminios that is left out when minios/debug defines them.
#include "internal.h"

extern "C" {
void minios_debug_start() {}
bool minios_debug_exception(minios::ExceptionFrame&) { return false; }
void minios_debug_panic(const char*) {}
void minios_debug_end(int) {}
}
