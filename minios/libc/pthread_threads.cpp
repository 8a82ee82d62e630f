// SPDX-License-Identifier: MIT
// pthreads are the kernel's cooperative threads: a thread runs until it waits, sleeps or yields.
#include "waiting.h"

#include <minios/clock.h>
#include <minios/memory.h>

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <utility>

using namespace minios;
using libc::find_thread;
using libc::this_thread;
using libc::ThreadBlock;

namespace minios::libc {

namespace {

WaitQueue threads_ended;

} // namespace

void thread_ended() {
    ThreadBlock& self = this_thread();
    self.ended = true;
    self.joiners.wake_all();
    threads_ended.wake_all();
}

} // namespace minios::libc

using libc::threads_ended;

namespace {

constexpr pthread_t main_thread = 1;
int concurrency = 0; // a hint that is only kept

constexpr std::size_t default_stack_size = 128 * 1024;

void run_entry(void* memory) {
    auto* block = static_cast<ThreadBlock*>(memory);
    block->result = block->entry(block->argument);
}

/// Starts what the fields of a new thread say: the block is the kernel thread's argument, which is known only when it
/// exists.
struct Beginning {
    void* (*entry)(void*);
    void* argument;
    sigset_t blocked_signals; ///< as the creating thread has them
};

void begin(void* memory) {
    const Beginning beginning = *static_cast<Beginning*>(memory);
    heap::release(memory);
    ThreadBlock& self = this_thread();
    self.entry = beginning.entry;
    self.argument = beginning.argument;
    libc::take_part_in_signals(beginning.blocked_signals);
    (void)libc::handle_signals();
    run_entry(&self);
}

/// The kernel thread is gone, or on its way: whoever is last frees the block.
void forget(ThreadBlock* block) {
    block->detached = true;
    if (block->thread == nullptr) libc::destroy_thread_block(block);
}

} // namespace

int libc::start_pthread(pthread_t* id, const pthread_attr_t* attributes, void* (*entry)(void*), void* argument,
                        sigset_t blocked_signals) {
    auto* beginning = heap::make<Beginning>();
    if (beginning == nullptr) return EAGAIN;
    const bool detached = attributes != nullptr && attributes->detachstate == PTHREAD_CREATE_DETACHED;
    *beginning = {entry, argument, blocked_signals};
    std::size_t stack_size =
        attributes != nullptr ? static_cast<std::size_t>(attributes->stacksize) : default_stack_size;
    auto thread = threads::create("pthread", begin, beginning, stack_size);
    if (!thread) {
        heap::release(beginning);
        return EAGAIN;
    }
    auto* block = static_cast<ThreadBlock*>(threads::block_of(*thread));
    block->thread = *thread;
    block->detached = detached;
    *id = block->id;
    return 0;
}

extern "C" {

int pthread_create(pthread_t* id, const pthread_attr_t* attributes, void* (*entry)(void*), void* argument) {
    return libc::start_pthread(id, attributes, entry, argument, this_thread().blocked_signals);
}

int pthread_join(pthread_t id, void** result) {
    ThreadBlock* block = find_thread(id);
    if (block == nullptr) return ESRCH;
    if (block == &this_thread()) return EDEADLK;
    if (block->detached) return EINVAL;
    while (const int error = libc::wait_until(block->joiners, [=] { return block->ended; }))
        if (error == -libc::cancelled) libc::end_cancelled_thread();
    if (result != nullptr) *result = block->result;
    forget(block);
    return 0;
}

int pthread_detach(pthread_t id) {
    ThreadBlock* block = find_thread(id);
    if (block == nullptr) return ESRCH;
    if (block->detached) return EINVAL;
    block->ended ? forget(block) : void(block->detached = true);
    return 0;
}

/// Destructors of objects on the stack do not run. The main thread's end waits for all others, and then the program has
/// ended.
void pthread_exit(void* result) {
    ThreadBlock& self = this_thread();
    self.result = result;
    self.cancel_state = PTHREAD_CANCEL_DISABLE;
    while (struct _pthread_cleanup_context* cleanup = self.cleanup) {
        self.cleanup = cleanup->_previous;
        cleanup->_routine(cleanup->_arg);
    }
    if (pthread_self() != main_thread) threads::exit();
    libc::run_key_destructors();
    while (libc::thread_count() > 1) threads_ended.wait();
    ::exit(0);
}

pthread_t pthread_self() { return this_thread().id; }
int pthread_equal(pthread_t a, pthread_t b) { return a == b; }
int sched_yield() {
    threads::yield();
    (void)libc::handle_signals();
    if (this_thread().cancel_type == PTHREAD_CANCEL_ASYNCHRONOUS) pthread_testcancel();
    return 0;
}
void pthread_yield() { (void)sched_yield(); }

/// There is no fork for the handlers to run at.
int pthread_atfork(void (*)(void), void (*)(void), void (*)(void)) { return 0; }
int pthread_getconcurrency() { return concurrency; }
int pthread_setconcurrency(int level) {
    if (level < 0) return EINVAL;
    concurrency = level;
    return 0;
}

int pthread_attr_init(pthread_attr_t* attributes) {
    memset(attributes, 0, sizeof *attributes);
    attributes->is_initialized = 1;
    attributes->stacksize = default_stack_size;
    attributes->stackaddr = reinterpret_cast<void*>(threads::stack_guard_size); // see pthread_attr_setguardsize()
    attributes->detachstate = PTHREAD_CREATE_JOINABLE;
    return 0;
}
int pthread_attr_destroy(pthread_attr_t* attributes) {
    attributes->is_initialized = 0;
    return 0;
}
int pthread_attr_setstacksize(pthread_attr_t* attributes, std::size_t size) {
    if (size < libc::smallest_stack_size || size > (1u << 30)) return EINVAL;
    attributes->stacksize = static_cast<int>(size);
    return 0;
}
int pthread_attr_getstacksize(const pthread_attr_t* attributes, std::size_t* size) {
    *size = static_cast<std::size_t>(attributes->stacksize);
    return 0;
}
/// Stacks come from the kernel, with a guard page.
int pthread_attr_setstack(pthread_attr_t*, void*, std::size_t) { return ENOSYS; }
int pthread_attr_setstackaddr(pthread_attr_t*, void*) { return ENOSYS; }
/// Whatever is asked for, the guard is the kernel's, which is no smaller. What was asked for is remembered where newlib's structure has the
/// stack's address, which cannot be chosen.
int pthread_attr_setguardsize(pthread_attr_t* attributes, std::size_t size) {
    if (size > threads::stack_guard_size) return EINVAL;
    attributes->stackaddr = reinterpret_cast<void*>(size);
    return 0;
}
int pthread_attr_getguardsize(const pthread_attr_t* attributes, std::size_t* size) {
    *size = reinterpret_cast<std::size_t>(attributes->stackaddr);
    return 0;
}
int pthread_attr_setdetachstate(pthread_attr_t* attributes, int state) {
    if (state != PTHREAD_CREATE_DETACHED && state != PTHREAD_CREATE_JOINABLE) return EINVAL;
    attributes->detachstate = state;
    return 0;
}
int pthread_attr_getdetachstate(const pthread_attr_t* attributes, int* state) {
    *state = attributes->detachstate;
    return 0;
}

} // extern "C"
