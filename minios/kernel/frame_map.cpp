// SPDX-License-Identifier: MIT
#include "frame_map.h"

namespace minios {

void FrameMap::start(std::uint64_t total, Piece* pieces, NewPiece new_piece) {
    pieces_ = pieces;
    total_ = total < most_pieces * piece_frames ? total : most_pieces * piece_frames;
    free_ = total_;
    highest_hint_ = total_;
    new_piece_ = new_piece;
}

std::uint64_t FrameMap::piece_size(std::uint64_t piece) const {
    const std::uint64_t first = piece * piece_frames;
    return total_ - first < piece_frames ? total_ - first : piece_frames;
}

bool FrameMap::is_free(std::uint64_t frame) const {
    if (frame >= total_) return false;
    const Piece& piece = pieces_[frame / piece_frames];
    if (piece.bits == nullptr) return piece.used == 0;
    const std::uint64_t bit = frame % piece_frames;
    return (piece.bits[bit / 64] >> (bit % 64) & 1) == 0;
}

/// Gives every piece that the range covers only in part its bits.
bool FrameMap::prepare(std::uint64_t first, std::uint64_t count) {
    for (std::uint64_t p = first / piece_frames; p <= (first + count - 1) / piece_frames; ++p) {
        Piece& piece = pieces_[p];
        const std::uint64_t start = p * piece_frames, size = piece_size(p);
        const bool whole = first <= start && first + count >= start + size;
        if (piece.bits != nullptr || whole) continue;
        std::uint64_t* bits = new_piece_();
        if (bits == nullptr) return false;
        if (piece.bits != nullptr)
            continue; // new_piece_ came back through here and made it: its page is simply kept used
        const std::uint64_t fill = piece.used != 0 ? ~std::uint64_t{0} : 0;
        for (std::uint64_t i = 0; i < piece_frames / 64; ++i) bits[i] = fill;
        piece.bits = bits;
    }
    return true;
}

bool FrameMap::set_range(std::uint64_t first, std::uint64_t count, bool used) {
    for (std::uint64_t frame = first; frame < first + count;) {
        const std::uint64_t p = frame / piece_frames;
        Piece& piece = pieces_[p];
        const std::uint64_t end = (p + 1) * piece_frames < first + count ? (p + 1) * piece_frames : first + count;
        if (piece.bits == nullptr) {
            piece.used = used ? static_cast<std::uint32_t>(end - frame) : 0;
            frame = end;
            continue;
        }
        for (; frame < end; ++frame) {
            const std::uint64_t bit = frame % piece_frames, mask = std::uint64_t{1} << (bit % 64);
            piece.bits[bit / 64] = used ? piece.bits[bit / 64] | mask : piece.bits[bit / 64] & ~mask;
            piece.used = used ? piece.used + 1 : piece.used - 1;
        }
    }
    return true;
}

bool FrameMap::take(std::uint64_t first, std::uint64_t count) {
    if (count == 0 || first >= total_ || count > total_ - first) return false;
    for (std::uint64_t i = 0; i < count; ++i)
        if (!is_free(first + i)) return false;
    if (!prepare(first, count)) return false;
    for (std::uint64_t i = 0; i < count; ++i) // preparing may have used one of them for itself
        if (!is_free(first + i)) return false;
    set_range(first, count, true);
    free_ -= count;
    return true;
}

bool FrameMap::give(std::uint64_t first, std::uint64_t count) {
    if (count == 0 || first >= total_ || count > total_ - first) return false;
    for (std::uint64_t i = 0; i < count; ++i)
        if (is_free(first + i)) return false;
    if (!prepare(first, count)) return false;
    set_range(first, count, false);
    free_ += count;
    if (first + count > highest_hint_) highest_hint_ = first + count;
    return true;
}

std::uint64_t FrameMap::find_highest() const {
    if (free_ == 0) return none;
    for (std::uint64_t frame = highest_hint_; frame-- > 0;) {
        const Piece& piece = pieces_[frame / piece_frames];
        const std::uint64_t bit = frame % piece_frames;
        if (piece.used == piece_size(frame / piece_frames)) {
            frame -= bit; // nothing in this piece
            continue;
        }
        if (piece.bits != nullptr && bit % 64 == 63 && piece.bits[bit / 64] == ~std::uint64_t{0}) {
            frame -= 63;
            continue;
        }
        if (is_free(frame)) {
            highest_hint_ = frame + 1;
            return frame;
        }
    }
    return none;
}

std::uint64_t FrameMap::find_run(std::uint64_t count, std::uint64_t from, std::uint64_t to) const {
    if (to > total_) to = total_;
    std::uint64_t run = 0;
    for (std::uint64_t frame = from; frame < to; ++frame) {
        const Piece& piece = pieces_[frame / piece_frames];
        const std::uint64_t bit = frame % piece_frames;
        if (bit % 64 == 0 && piece.bits != nullptr && piece.bits[bit / 64] == ~std::uint64_t{0}) {
            run = 0;
            frame += 63;
            continue;
        }
        run = is_free(frame) ? run + 1 : 0;
        if (run == count) return frame + 1 - count;
    }
    return none;
}

} // namespace minios
