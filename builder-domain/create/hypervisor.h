// SPDX-License-Identifier: MIT
// The hypercalls that building a domain takes, and a window of the builder's own address space in which frames of the
// domain being built appear. An interface, so that the steps run on the host against a simulated hypervisor and every
// failure can be provoked. Calls return 0 (or a count) or -errno, as Xen does.
#pragma once

#include <minios/types.h>
#include <minios/xen.h>

#include <cstddef>
#include <span>

namespace skerry::builder {

using minios::DomId;
using minios::Mfn;
using minios::Port;

class Hypervisor {
  public:
    virtual long domctl(xen_domctl_t& operation) = 0; // sets the interface version
    virtual long sysctl(xen_sysctl_t& operation) = 0; // sets the interface version
    virtual long memory_op(unsigned command, void* argument) = 0;
    virtual long mmuext_op(std::span<const mmuext_op_t> operations, DomId domain) = 0;
    virtual long event_channel_op(int command, void* argument) = 0;
    virtual long grant_table_op(unsigned command, void* operations, unsigned count) = 0;
    virtual long physdev_op(int command, void* argument) = 0;

    // --- the window ---
    static constexpr size_t window_pages = 256;
    // Shows `frames` of `domain`, at most window_pages, writable, from window() on; what was there before disappears.
    virtual long show(DomId domain, std::span<const Mfn> frames) = 0;
    // Empties the window. Frames that are shown cannot become page tables.
    virtual long hide() = 0;
    virtual std::byte* window() = 0;

  protected:
    ~Hypervisor() = default;
};

} // namespace skerry::builder
