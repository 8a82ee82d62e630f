// SPDX-License-Identifier: MIT
// The bytes of a file in memory. Short ones lie in the heap. Long ones, and those that a mapping shows, have a region of their own: pages
// that nothing else lies on, in address space kept free behind them, so that the file grows where it is and gives pages back
// when it becomes shorter. Those of a read-only tree stay where they are.
//
// Bytes from the size on are zero, as far as there is memory; but a shared mapping may write to the rest of the last page, which a
// growing file clears first.
#pragma once

#include <minios/regions.h>

namespace minios::libc {

class RamContent : public regions::Content {
  public:
    RamContent() = default;
    RamContent(const RamContent&) = delete;
    RamContent& operator=(const RamContent&) = delete;

    struct RamNode* owner = nullptr; ///< whose content it is; set when it is mapped

    char* data() { return static_cast<char*>(const_cast<void*>(bytes)); }
    const char* data() const { return static_cast<const char*>(bytes); }
    /// Somebody else's bytes, which nobody changes.
    void show(const char* data, std::size_t count);

    /// Memory for `wanted` bytes. -ENOSPC: there is no more, -EROFS: the bytes are not ours.
    int reserve(std::size_t wanted);
    /// Makes the file longer (by zeros) or shorter.
    int resize(std::size_t wanted);
    /// Before bytes behind the end are written: clears what mappings wrote there.
    void clear_rest_of_page();
    /// From here on it lies on pages of its own, if it is ours. -ENOSPC.
    int make_mappable();
    /// Nobody looks at it any more.
    void give_back();

  private:
    bool foreign() const { return bytes != nullptr && capacity_ == 0; }
    int reserve_in_heap(std::size_t wanted);
    int reserve_pages(std::size_t wanted);
    int move_to_pages(std::size_t wanted);
    void give_back_behind(std::size_t kept);

    std::size_t capacity_ = 0; ///< bytes that there is memory for
    std::size_t space_ = 0;    ///< bytes of address space of an own region; 0: in the heap
};

} // namespace minios::libc
