// SPDX-License-Identifier: MIT
// What the .xz and .lzma drivers share: the LZMA SDK's allocator over a Workspace.
#pragma once

#include "workspace.h"

#include <7zTypes.h>

namespace skerry::start_in_place {

/// The SDK passes back the address of the interface, which is the first member.
struct SdkAllocator {
    ISzAlloc interface;
    Workspace* workspace;

    explicit SdkAllocator(Workspace& memory) : interface { allocate, release }, workspace(&memory) {
    }

  private:
    static void* allocate(ISzAllocPtr self, std::size_t bytes) {
        return reinterpret_cast<const SdkAllocator*>(self)->workspace->allocate(bytes);
    }
    static void release(ISzAllocPtr self, void* block) {
        reinterpret_cast<const SdkAllocator*>(self)->workspace->release(block);
    }
};

} // namespace skerry::start_in_place
