// SPDX-License-Identifier: MIT
#include "workspace.h"

namespace skerry::start_in_place {
namespace {

constexpr std::uint64_t granule = 16;
constexpr std::uint64_t small_limit = 4 * page_bytes; // larger requests get pages of their own
constexpr std::uint64_t small_block_pages = 16;

} // namespace

Workspace::~Workspace() {
    for (Block& block : blocks_)
        if (block.first != nullptr) memory_.release(block.first, block.pages);
}

Workspace::Block* Workspace::add_block(std::uint64_t pages) {
    for (Block& block : blocks_) {
        if (block.first != nullptr) continue;
        block.first = memory_.allocate(pages);
        block.pages = pages;
        return block.first == nullptr ? nullptr : &block;
    }
    return nullptr;
}

void* Workspace::allocate(std::uint64_t bytes) {
    if (bytes > small_limit) {
        Block* block = add_block(pages_of(bytes));
        return block == nullptr ? nullptr : block->first;
    }
    bytes = (bytes + granule - 1) & ~(granule - 1);
    if (bytes == 0) bytes = granule;
    if (bytes > small_bytes_) {
        Block* block = add_block(small_block_pages);
        if (block == nullptr) return nullptr;
        small_ = block->first;
        small_bytes_ = small_block_pages * page_bytes;
    }
    void* result = small_;
    small_ += bytes;
    small_bytes_ -= bytes;
    return result;
}

void Workspace::release(void* memory) {
    for (Block& block : blocks_) {
        if (memory == nullptr || block.first != memory || block.pages <= small_limit / page_bytes ||
            block.pages == small_block_pages)
            continue;
        memory_.release(block.first, block.pages);
        block = Block();
    }
}

} // namespace skerry::start_in_place
