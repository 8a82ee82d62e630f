// SPDX-License-Identifier: MIT
// For the programs of tests/programs that use up what there is.
#pragma once

#include "check.h"

#include <cerrno>
#include <cstdlib>
#include <malloc.h>
#include <new>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

constexpr std::size_t page = 4096, megabyte = 1 << 20;
constexpr int both = PROT_READ | PROT_WRITE, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;

inline long free_pages() { return sysconf(_SC_AVPHYS_PAGES); }

/// A call that fails with this errno. The checks are counted and told only once: there is no memory for lists of them.
template <class Call> bool fails_with(int error, Call call) {
    errno = 0;
    const bool failed = call();
    if (failed && errno == error) return true;
    printf("(failed: %d, errno %d, not %d)\n", failed, errno, error);
    return false;
}

/// Takes memory away until no more than `pages` are free, and gives it back.
class Shortage {
  public:
    explicit Shortage(long pages) {
        while (free_pages() > pages && count_ < most) {
            const auto size = static_cast<std::size_t>(free_pages() - pages) * page;
            void* taken = MAP_FAILED;
            for (std::size_t part = size; taken == MAP_FAILED && part >= page; part = part / 2 / page * page)
                taken = mmap(nullptr, sizes_[count_] = part, both, anonymous, -1, 0);
            if (taken == MAP_FAILED) break;
            taken_[count_++] = taken;
        }
    }
    ~Shortage() {
        while (count_ > 0) {
            --count_;
            if (munmap(taken_[count_], sizes_[count_]) != 0) check("memory taken away comes back", 0);
        }
    }
    Shortage(const Shortage&) = delete;

  private:
    static constexpr int most = 64;
    void* taken_[most];
    std::size_t sizes_[most];
    int count_ = 0;
};

/// Blocks of all sizes until even the smallest is refused, but for one hole of `room` bytes.
class FullHeap {
  public:
    explicit FullHeap(std::size_t room = 0) {
        void* volatile hole = malloc(room);
        for (std::size_t size = megabyte; size >= 16; size /= 4) {
            void* block;
            while (errno = 0, (block = malloc(size)) != nullptr) blocks_ = new (block) Block{blocks_};
            told_ = told_ && errno == ENOMEM;
        }
        free(hole);
    }
    ~FullHeap() {
        while (blocks_ != nullptr) free(std::exchange(blocks_, blocks_->next));
    }
    FullHeap(const FullHeap&) = delete;
    bool told() const { return told_; }

  private:
    struct Block {
        Block* next;
    };
    Block* blocks_ = nullptr;
    bool told_ = true;
};

/// Pages that nobody uses: what the heap has reached counts, since a long-lived block may lie at its end, but not what is in use there.
struct Rest {
    long pages;
    std::size_t heap_used;
};
inline Rest at_rest() {
    { const Shortage everything(0); } // the heap gives back what it keeps
    const struct mallinfo heap = mallinfo();
    return {free_pages() + static_cast<long>(heap.arena / page), static_cast<std::size_t>(heap.uordblks)};
}

/// Three times: the first may leave page tables and the library's own tables behind, the third must leave nothing more, or as little as such
/// tables grow by when a few more of something fit than the time before.
inline void again_and_again(const char* name, void (*exhaust)(), Rest tables = {0, 0}) {
    printf("%s: %ld pages free\n", name, free_pages());
    exhaust();
    exhaust();
    const Rest before = at_rest();
    exhaust();
    const Rest after = at_rest();
    const bool whole =
        after.pages + tables.pages >= before.pages && after.heap_used <= before.heap_used + tables.heap_used;
    if (!whole)
        printf("(%s: %ld pages and %zu bytes of the heap, then %ld and %zu)\n", name, before.pages, before.heap_used,
               after.pages, after.heap_used);
    check("nothing is lost", whole);
}
