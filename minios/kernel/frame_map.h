// SPDX-License-Identifier: MIT
// Which frames are in use: one bit each, in pieces of 32768 frames (one page of bits) that exist only once something in
// their range was used and something else was not. Pure bookkeeping, tested on the host. Allocation needs no memory but
// the page for a new piece, which `new_piece` supplies.
#pragma once

#include <cstddef>
#include <cstdint>

namespace minios {

class FrameMap {
  public:
    static constexpr std::uint64_t piece_frames = 32768;
    static constexpr std::size_t most_pieces = 2048; ///< 256 GiB
    static constexpr std::uint64_t none = ~std::uint64_t{0};
    using NewPiece = std::uint64_t* (*)(); ///< a page, or nullptr

    struct Piece {
        std::uint64_t* bits = nullptr; ///< 1 = used; nullptr: all free or (used == size) all used
        std::uint32_t used = 0;
    };
    /// How many pieces start() needs for so many frames.
    static constexpr std::uint64_t pieces_for(std::uint64_t total) {
        const std::uint64_t pieces = (total + piece_frames - 1) / piece_frames;
        return pieces < most_pieces ? pieces : most_pieces;
    }
    /// Frames 0 .. total-1, all free. Frames beyond the 256 GiB the map covers are left out. `pieces` are fresh.
    void start(std::uint64_t total, Piece* pieces, NewPiece new_piece);

    std::uint64_t total() const { return total_; }
    std::uint64_t free_count() const { return free_; }
    bool is_free(std::uint64_t frame) const;

    /// Marks [first, first + count) used; false, with nothing changed, if one of them is used already or out of range
    /// or no piece could be had.
    bool take(std::uint64_t first, std::uint64_t count);
    /// Marks [first, first + count) free; false, with nothing changed, if one of them is free or out of range.
    bool give(std::uint64_t first, std::uint64_t count);

    /// A free frame, the highest first; none when there is none. Does not take it.
    std::uint64_t find_highest() const;
    struct Run {
        std::uint64_t first, count;
    };
    /// Marks up to `most` (at least 1) free frames used, consecutive ones that end with the highest; {none, 0}: there are none.
    Run take_highest(std::uint64_t most);
    /// The lowest run of `count` free frames inside [from, to); none when there is none.
    std::uint64_t find_run(std::uint64_t count, std::uint64_t from, std::uint64_t to) const;

  private:
    std::uint64_t piece_size(std::uint64_t piece) const;
    template <class Act> bool each_piece(std::uint64_t first, std::uint64_t count, Act act) const;
    bool all_are(bool used, std::uint64_t first, std::uint64_t count) const;
    void set_range(std::uint64_t first, std::uint64_t count, bool used);
    bool prepare(std::uint64_t first, std::uint64_t count);

    Piece* pieces_ = nullptr;
    std::uint64_t total_ = 0, free_ = 0;
    mutable std::uint64_t highest_hint_ = 0; ///< no free frame at or above
    NewPiece new_piece_ = nullptr;
};

} // namespace minios
