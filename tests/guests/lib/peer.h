// SPDX-License-Identifier: MIT
// A second domain for cross-domain cases: an unprivileged copy of this guest's image, started in a function of ours.
// The copy has its own memory, page tables, shared page and p2m; globals hold what they held when it was made.
// It talks through its mailbox page, which the parent sees too. ABI: xen/domctl.h.
#pragma once
#include "lib/hypercall.h"

namespace skerry::guest {

struct Mailbox {
    volatile uint64_t word[512];
};
extern Mailbox mailbox; // in a peer: its side of the page that the parent sees as Peer::mail

struct Peer {
    unsigned dom = 0;
    volatile uint64_t* mail = nullptr;

    // Builds the domain, paused, to run `function` on its vCPU 0. 0, or Xen's error after printing which step failed.
    long create(void (*function)(), unsigned vcpus = 1);
    long unpause();
    long pause();
    // The parent's view of a variable of the peer (mapped on demand through the window).
    template <typename T> T* view(T* variable) {
        return reinterpret_cast<T*>(view_address(reinterpret_cast<unsigned long>(variable)));
    }
    uint64_t frame_of(const void* at) const;                     // the peer's frame behind an image address
    uint64_t top_frame() const { return frames_[first_table_]; } // its L4
    // State: shutdown reason when it has shut down, -1 while it lives.
    int shutdown_reason() const;
    bool wait_shutdown(unsigned reason);
    // Unmaps what view() and `mail` show.
    void close_views();
    // Unmaps the views and destroys it. 0 or Xen's error.
    long destroy();

  private:
    unsigned long view_address(unsigned long at);
    uint64_t frames_[2048] = {};
    unsigned long viewed_[64] = {};
    unsigned views_ = 0;
    long step(const char* what, long result);
    long build_memory();
    long build_tables();
    void* open(unsigned index);
    unsigned total_ = 0, image_ = 0, first_table_ = 0;
};

// In a peer: true. The parent is domain 0.
extern bool is_peer;

} // namespace skerry::guest
