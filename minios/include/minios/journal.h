// SPDX-License-Identifier: MIT
// A journal in memory that outlives its writer: what a service keeps so that the next instance of it goes on where this
// one was killed. The area is cut into two halves; one holds a snapshot of the service's state and the records of what
// happened since. A record is there whole or not at all: one word, written last, says where the records end. A new
// snapshot is written into the other half, and one word makes that half the valid one. The writer may be stopped at any
// instruction.
//
// The area is the service's own memory as far as trust goes; but a bug may have left anything in it, so that whatever
// is read is checked against its bounds. No locks, no allocation; compiles on the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace minios {

class Journal {
  public:
    static constexpr std::size_t smallest_area = 4096;
    /// Called before each write to the area, if set: tests stop the writer there.
    static inline void (*before_write)() = nullptr;

    /// `area`: zero the first time, aligned to 8, at least smallest_area bytes. `format`: what the records mean, not 0;
    /// an area with another format counts as damaged. Nothing is touched before open().
    Journal(std::span<std::byte> area, std::uint32_t format);

    enum class Found { nothing, records, damaged };
    /// Looks what is there; an empty area is made ready. After `damaged` only clear() may be called.
    Found open();
    /// Forgets everything.
    void clear();

    /// What the latest snapshot holds; empty when there is none.
    std::span<const std::byte> snapshot() const;
    /// The records since then, one after the other.
    class Reader {
      public:
        std::optional<std::span<const std::byte>> next();

      private:
        friend class Journal;
        explicit Reader(std::span<const std::byte> rest) : rest_(rest) {}
        std::span<const std::byte> rest_;
    };
    Reader records() const;
    std::size_t record_bytes() const; ///< that the records take, with what frames them

    /// One record made of two pieces. False: no room; take a snapshot.
    bool append(std::span<const std::byte> first, std::span<const std::byte> second = {});

    /// Where the next snapshot is to be written. It counts for nothing before commit_snapshot().
    std::span<std::byte> begin_snapshot();
    /// The first `size` bytes of it are the snapshot now, and there are no records.
    void commit_snapshot(std::size_t size);

  private:
    struct Head {
        std::uint64_t magic, half_size, active;
    };
    struct Half {
        std::uint64_t snapshot_size; ///< bytes
        std::uint64_t end;           ///< of the records, from the beginning of the data
    };
    static constexpr std::size_t head_size = 64;
    static_assert(sizeof(Head) <= head_size && sizeof(Half) == 16);

    Head& head() const { return *reinterpret_cast<Head*>(area_.data()); }
    Half& half(std::uint64_t which) const {
        return *reinterpret_cast<Half*>(area_.data() + head_size + which * half_size_);
    }
    std::byte* data(std::uint64_t which) const { return reinterpret_cast<std::byte*>(&half(which) + 1); }
    std::size_t data_size() const { return half_size_ - sizeof(Half); }
    std::uint64_t active() const { return __atomic_load_n(&head().active, __ATOMIC_ACQUIRE) & 1; }
    bool is_sound() const;
    static void write(void* to, const void* from, std::size_t size);
    static void write_word(std::uint64_t& to, std::uint64_t value);

    std::span<std::byte> area_;
    std::size_t half_size_;
    std::uint64_t magic_;
};

} // namespace minios
