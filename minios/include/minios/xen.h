// SPDX-License-Identifier: MIT
// The public Xen headers, with the interface version and the tools' parts switched on the same way everywhere.
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

#include <xen/callback.h>
#include <xen/domctl.h>
#include <xen/errno.h>
#include <xen/event_channel.h>
#include <xen/features.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>

static_assert(sizeof(start_info_t) <= 4096);
static_assert(sizeof(vcpu_info_t) == 64);
static_assert(sizeof(vcpu_time_info_t) == 32);
static_assert(sizeof(mmu_update_t) == 16);
static_assert(sizeof(trap_info_t) == 16);
static_assert(DOMID_SELF == 0x7ff0 && DOMID_FIRST_RESERVED == 0x7ff0);
