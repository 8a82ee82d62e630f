// SPDX-License-Identifier: MIT
// Cooperative threads on the one vCPU. A thread runs until it yields, waits or ends; nothing else interrupts it. When
// all wait, the domain blocks in the hypervisor until an event or the next timer.
#pragma once

#include <minios/types.h>

#include <cstddef>
#include <cstdint>

namespace minios {

class Thread; // opaque

namespace threads {

inline constexpr std::size_t default_stack_size = 64 * 1024;
inline constexpr std::size_t stack_guard_size = 64 * 1024; ///< below each stack: larger than most functions' frames

/// Starts `entry(argument)`; the stack gets a guard page below it. The thread frees itself when entry returns.
Result<Thread*> create(const char* name, void (*entry)(void*), void* argument,
                       std::size_t stack_size = default_stack_size);
/// Lets others run, and handles pending events and timers.
void yield();
/// Ends the calling thread.
[[noreturn]] void exit();
/// Ends the wait of a thread that waits interruptibly (WaitQueue::wait_interruptibly); no effect on any other.
void interrupt(Thread& thread);
Thread* current();
const char* name(const Thread* thread);

/// Calls `function(context)` on a stack of that size, with a guard page, instead of the calling thread's own, and
/// returns what it returns. Panics when there is no memory for the stack.
int on_stack(std::size_t stack_size, int (*function)(void* context), void* context);

/// What a language runtime adds to each thread: a block of its own, whose address is the thread's %fs base while it
/// runs (thread-local variables, the C library's state). Without a runtime %fs is left alone.
struct Runtime {
    void* (*create)();            ///< a block for a new thread; nullptr: no memory, and the thread is not created
    void (*ended)();              ///< on the thread itself, when its entry has returned or it called exit()
    void (*destroy)(void* block); ///< when the thread is gone
};
/// Once, before the first create(). `block` is the calling thread's.
void set_runtime(const Runtime& runtime, void* block);
/// A thread's block; nullptr without a runtime.
void* block_of(const Thread* thread);

} // namespace threads

enum class WaitEnd { woken, timed_out, interrupted };

/// Threads waiting for something. FIFO.
class WaitQueue {
  public:
    WaitQueue() = default;
    WaitQueue(const WaitQueue&) = delete;
    WaitQueue& operator=(const WaitQueue&) = delete;
    /// Blocks the calling thread until woken or until system time `deadline_ns` (0: never). False: the deadline passed.
    bool wait(std::uint64_t deadline_ns = 0);
    /// As wait(), and threads::interrupt() ends it, too.
    WaitEnd wait_interruptibly(std::uint64_t deadline_ns = 0);
    void wake_one();
    void wake_all();

  private:
    friend class Thread;
    friend struct Scheduler;
    WaitEnd wait_here(std::uint64_t deadline_ns, bool interruptible);
    Thread* first_ = nullptr;
    Thread* last_ = nullptr;
};

/// Waits until `condition()`; whoever makes it true wakes `queue`.
template <class Condition> void wait_until(WaitQueue& queue, Condition condition) {
    while (!condition()) queue.wait();
}

} // namespace minios
