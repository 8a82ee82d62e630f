// SPDX-License-Identifier: MIT
// newlib's has no guard, and circular.c reads it through several of newlib's sources.
#pragma once
#include_next <fdlibm.h>
