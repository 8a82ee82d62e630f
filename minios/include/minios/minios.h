// SPDX-License-Identifier: MIT
// The whole public interface of minios for programs that run as a domain. Read the parts in this order.
#pragma once

#include <minios/types.h>

#include <minios/start.h>

#include <minios/console.h>

#include <minios/memory.h>

#include <minios/regions.h>

#include <minios/events.h>
#include <minios/grants.h>
#include <minios/threads.h>

#include <minios/clock.h>
#include <minios/hypercall.h>
#include <minios/processor.h>
#include <minios/random.h>
