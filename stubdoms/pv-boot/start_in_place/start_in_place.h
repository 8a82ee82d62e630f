// SPDX-License-Identifier: MIT
// Starts a PV kernel in the domain that is running, in place of what runs there now: kernel image, ramdisk and
// start_info in, no way back out. Uses only what any guest may do. pv-boot and PV-GRUB are its users; the host tests
// give it a domain made of arrays.
//
// How: unpack the kernel into pages of this domain, put together everything it starts with (StartImage), pin its page
// tables, rename the frames (machine-to-physical table), put the vCPU back as it was when the domain was fresh, and
// leave through a page that both address spaces map (hand_over.h). Until the frames are renamed every failure returns
// with nothing changed.
#pragma once

#include "start_image.h"

namespace skerry::start_in_place {

/// All that the last steps need.
struct Departure {
    const StartImage& image;
    std::uint64_t entry;    // virtual, of the kernel
    std::uint64_t old_root; // machine frames of the top-level tables
    std::uint64_t new_root;
    unsigned alias_slot;             // top-level entry through which both address spaces reach the hand-over page
    std::uint64_t alias_table_frame; // machine frame of the level-3 table for that entry
};

/// The domain we run in, as the loader changes it.
class RunningDomain : public DomainMemory {
  public:
    virtual const std::byte* hypercall_page() const = 0;
    virtual std::uint64_t root_machine_frame() const = 0;
    /// Whether the present top-level table has nothing in this entry.
    virtual bool slot_is_free(unsigned slot) const = 0;
    /// Makes all mappings of pages from allocate() read-only, so that they can become page tables; and back.
    virtual bool write_protect(std::byte* first, std::uint64_t pages) = 0;
    virtual void allow_writes(std::byte* first, std::uint64_t pages) = 0;
    /// Both return what the hypervisor says: 0 or -errno.
    virtual long pin_root(std::uint64_t machine_frame) = 0;
    virtual long unpin(std::uint64_t machine_frame) = 0;
    /// Renames the frames, resets the vCPU and starts the kernel. Does not return, except in tests.
    virtual void leave(const Departure& departure) = 0;

  protected:
    ~RunningDomain() = default;
};

struct Request {
    Bytes kernel;            // bzImage, ELF or compressed ELF
    Bytes ramdisk;           // may be empty; not copied when it begins on a page boundary
    Inheritance inheritance; // its start_info carries the kernel's command line
};

/// Returns only to report why the kernel cannot be started.
Result<void> start_in_place(RunningDomain& domain, const Request& request);

} // namespace skerry::start_in_place
