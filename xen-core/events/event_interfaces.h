// SPDX-License-Identifier: MIT
// What event channels need from the rest of xen-core, each as narrow as it can be. The domain implements them; tests
// fake them.
#pragma once

#include "base/result.h"
#include "base/types.h"

namespace skerry {

// Called with a port's lock (LockRank::event_port) and perhaps an event queue's held: may take locks of higher rank
// only.
class EventSink {
  public:
    // evtchn_upcall_pending of `vcpu` went from 0 to 1: if it is blocked, wake it; if it runs on another CPU, interrupt
    // it; if it is the caller, nothing (the exit path looks).
    virtual void deliver(VcpuId vcpu) = 0;
    // `port` became pending while some vCPU polls (EventTable::begin_poll): wake those that poll for it.
    virtual void wake_pollers(EvtPort port) = 0;

  protected:
    ~EventSink() = default;
};

// The memory behind an event table. Called with the table's lock held.
class EventPages {
  public:
    // A page for the port table, zeroed, charged to the domain. Null: the account's limit, or no memory.
    virtual void* take_page() = 0;
    virtual void return_page(void* page) = 0;
    // The guest's frames that FIFO control blocks and event arrays live in: takes a writable reference to the guest's
    // frame and returns where xen-core sees it; Error::invalid if the frame is not the domain's or not usable as
    // writable memory, no_memory.
    virtual Result<void*> map(uint64_t guest_frame) = 0;
    virtual void unmap(void* page) = 0; // the pointer that map returned

  protected:
    ~EventPages() = default;
};

// Physical interrupts as the domain may use them. bind is called with the table's lock held.
class PirqRouter {
  public:
    // Routes `pirq` to `port`: interrupts arrive through EventTable::send_pirq(port, pirq). not_permitted: no right to
    // it; exists: bound already in this domain; invalid: no such interrupt; busy: in use unshared.
    virtual Status bind(uint32_t pirq, bool will_share, EvtPort port) = 0;
    virtual void unbind(uint32_t pirq) = 0;
    virtual void set_vcpu(uint32_t pirq, VcpuId vcpu) = 0; // a hint where to deliver

  protected:
    ~PirqRouter() = default;
};

} // namespace skerry
