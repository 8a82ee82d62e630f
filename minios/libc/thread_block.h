// SPDX-License-Identifier: MIT
// What the C library keeps for each thread. %fs points to it; thread-local variables lie right below it (the x86-64
// ABI's variant II). Threads that the kernel's API makes have one too.
#pragma once

#include "signal_queue.h"

#include <minios/threads.h>

#include <pthread.h>
#include <reent.h>

namespace minios::libc {

inline constexpr unsigned most_keys = 128; // PTHREAD_KEYS_MAX is 128 in POSIX's minimum

struct ThreadBlock {
    ThreadBlock* self; ///< %fs:0, by the ABI
    void* reserved[4];
    std::uintptr_t stack_guard; ///< %fs:0x28, by the compiler's convention
    struct _reent reent;        ///< newlib's
    void* allocation;           ///< what to free
    pthread_t id;               ///< 1 to most_threads
    Thread* thread;             ///< null until it is known
    const void** values;        ///< of keys, made by the first pthread_setspecific
    void* (*entry)(void*);      ///< pthread_create's
    void* argument;
    void* result;
    bool detached, ended;
    WaitQueue joiners;
    sigset_t blocked_signals, awaited_signals; ///< the latter: by sigwait() and its kind
    bool takes_signals;                        ///< those sent to the process: every pthread does
    SignalQueue signals;                       ///< sent to this thread
    int cancel_state, cancel_type;             ///< PTHREAD_CANCEL_ENABLE and _DEFERRED are zero
    bool cancelled;                            ///< pthread_cancel() was called
    unsigned library_locks;                    ///< of newlib's, that it holds: it is not cancelled then
    int broken_wait;                           ///< why lwIP's last wait ended early: 0 or as wait_once() says
    struct _pthread_cleanup_context* cleanup;  ///< what pthread_cleanup_push() registered last
};
static_assert(__builtin_offsetof(ThreadBlock, stack_guard) == 0x28);

inline constexpr pthread_t most_threads = 32767;
inline constexpr std::size_t smallest_stack_size = 16 * 1024; // PTHREAD_STACK_MIN

/// The calling thread's.
inline ThreadBlock& this_thread() {
    ThreadBlock* block;
    asm("mov %%fs:0, %0" : "=r"(block)); // not volatile: a thread's block never changes
    return *block;
}

/// A block with its copy of the thread-local variables, and an id; nullptr: no memory.
ThreadBlock* make_thread_block();
void destroy_thread_block(ThreadBlock* block);
/// The thread of that id, or nullptr.
ThreadBlock* find_thread(pthread_t id);

/// No thread has a higher id.
pthread_t highest_thread_id();
/// Threads that have not ended.
std::size_t thread_count();

/// pthread_create() of a thread that blocks these signals. May be called by event handlers.
int start_pthread(pthread_t* id, const pthread_attr_t* attributes, void* (*entry)(void*), void* argument,
                  sigset_t blocked_signals);
/// Runs the destructors of the calling thread's keys.
void run_key_destructors();
/// The calling thread has ended: wakes who joins it.
void thread_ended();

/// Gives the main thread its block, and every later thread.
void start_threads();

} // namespace minios::libc
