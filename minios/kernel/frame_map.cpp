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
        for (std::uint64_t i = 0; i < (size + 63) / 64; ++i) bits[i] = fill;
        piece.bits = bits;
    }
    return true;
}

namespace {

/// Of a piece's bits, `count` of one word from bit `from` on.
constexpr std::uint64_t mask_of(std::uint64_t from, std::uint64_t count) {
    return (count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1) << from;
}

/// Calls act(word, mask) for each word that holds bits of [from, end), until one call says false.
template <class Act> bool each_word(std::uint64_t* bits, std::uint64_t from, std::uint64_t end, Act act) {
    while (from < end) {
        const std::uint64_t bit = from % 64, count = end - from < 64 - bit ? end - from : 64 - bit;
        if (!act(bits[from / 64], mask_of(bit, count))) return false;
        from += count;
    }
    return true;
}

} // namespace

/// Calls act(piece, from, end) for the part of each piece, as frames counted from its first, until one call says false.
template <class Act> bool FrameMap::each_piece(std::uint64_t first, std::uint64_t count, Act act) const {
    for (std::uint64_t frame = first, end = first + count; frame < end;) {
        const std::uint64_t start = frame & ~(piece_frames - 1),
                            stop = start + piece_frames < end ? start + piece_frames : end;
        if (!act(pieces_[frame / piece_frames], frame - start, stop - start)) return false;
        frame = stop;
    }
    return true;
}

bool FrameMap::all_are(bool used, std::uint64_t first, std::uint64_t count) const {
    return each_piece(first, count, [used](const Piece& piece, std::uint64_t from, std::uint64_t end) {
        if (piece.bits == nullptr) return (piece.used != 0) == used;
        return each_word(piece.bits, from, end,
                         [used](std::uint64_t word, std::uint64_t mask) { return (word & mask) == (used ? mask : 0); });
    });
}

/// All of them are in the other state now.
void FrameMap::set_range(std::uint64_t first, std::uint64_t count, bool used) {
    (void)each_piece(first, count, [used](Piece& piece, std::uint64_t from, std::uint64_t end) {
        const auto frames = static_cast<std::uint32_t>(end - from);
        piece.used = used ? piece.used + frames : piece.used - frames;
        if (piece.bits == nullptr) return true;
        return each_word(piece.bits, from, end, [used](std::uint64_t& word, std::uint64_t mask) {
            word = used ? word | mask : word & ~mask;
            return true;
        });
    });
}

bool FrameMap::take(std::uint64_t first, std::uint64_t count) {
    if (count == 0 || first >= total_ || count > total_ - first || !all_are(false, first, count)) return false;
    if (!prepare(first, count)) return false;
    if (!all_are(false, first, count)) return false; // preparing may have used one of them for itself
    set_range(first, count, true);
    free_ -= count;
    return true;
}

bool FrameMap::give(std::uint64_t first, std::uint64_t count) {
    if (count == 0 || first >= total_ || count > total_ - first || !all_are(true, first, count)) return false;
    if (!prepare(first, count)) return false;
    set_range(first, count, false);
    free_ += count;
    if (first + count > highest_hint_) highest_hint_ = first + count;
    return true;
}

std::uint64_t FrameMap::find_highest() const {
    if (free_ == 0) return none;
    while (highest_hint_ > 0) {
        const std::uint64_t start = (highest_hint_ - 1) & ~(piece_frames - 1), end = highest_hint_ - start;
        const Piece& piece = pieces_[start / piece_frames];
        if (piece.bits == nullptr && piece.used == 0) return highest_hint_ - 1;
        if (piece.used != piece_size(start / piece_frames)) {
            std::uint64_t mask = mask_of(0, (end - 1) % 64 + 1);
            for (std::uint64_t i = (end - 1) / 64 + 1; i-- > 0; mask = ~std::uint64_t{0}) {
                const std::uint64_t free = ~piece.bits[i] & mask;
                if (free == 0) continue;
                const auto bit = 63 - static_cast<unsigned>(__builtin_clzll(free));
                highest_hint_ = start + i * 64 + bit + 1;
                return highest_hint_ - 1;
            }
        }
        highest_hint_ = start; // nothing in this piece
    }
    return none;
}

FrameMap::Run FrameMap::take_highest(std::uint64_t most) {
    const std::uint64_t last = find_highest();
    if (last == none) return {none, 0};
    Piece& piece = pieces_[last / piece_frames];
    if (piece.bits == nullptr) return take(last, 1) ? Run{last, 1} : Run{none, 0};
    const std::uint64_t bit = last % 64, word = piece.bits[last % piece_frames / 64];
    // The free ones below it in the same word: what is above the highest used one.
    const std::uint64_t used = word & mask_of(0, bit);
    const std::uint64_t free = used == 0 ? bit + 1 : bit - (63 - static_cast<unsigned>(__builtin_clzll(used)));
    const std::uint64_t count = free < most ? free : most, first = last + 1 - count;
    piece.bits[last % piece_frames / 64] = word | mask_of(first % 64, count);
    piece.used += static_cast<std::uint32_t>(count);
    free_ -= count;
    return {first, count};
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
