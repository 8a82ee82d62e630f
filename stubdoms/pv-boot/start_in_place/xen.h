// SPDX-License-Identifier: MIT
// The public Xen header with the interface version that minios uses, so that both may be included in either order.
#pragma once

#include <cstddef>
#include <cstdint>

#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ 0x00041100
#endif
#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1
#endif

#include <xen/xen.h>
