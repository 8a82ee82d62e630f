// SPDX-License-Identifier: MIT
// What lwIP asks of an operating system. Threads are cooperative: between two waits nobody else looks at these objects.
#include "minios/libc/waiting.h"

#include <minios/clock.h>
#include <minios/files.h>
#include <minios/memory.h>
#include <minios/start.h>
#include <minios/threads.h>

#include <lwip/memp.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>

#include <new>
#include <unistd.h>

using minios::WaitQueue;
namespace heap = minios::heap;

struct minios_semaphore {
    unsigned count = 0;
    WaitQueue waiters{};
};

struct minios_mailbox {
    unsigned capacity = 0, first = 0, count = 0;
    WaitQueue readers{}, writers{};
    void* messages[];
};

namespace {

/// 0: never, as WaitQueue has it.
std::uint64_t deadline_in(u32_t timeout_ms) {
    return timeout_ms == 0 ? 0 : minios::clock::now_ns() + timeout_ms * std::uint64_t{1'000'000};
}

void put(minios_mailbox& box, void* message) {
    box.messages[(box.first + box.count++) % box.capacity] = message;
    box.readers.wake_one();
    minios::files::readiness_changed();
}

void* take(minios_mailbox& box) {
    void* message = box.messages[box.first];
    box.first = (box.first + 1) % box.capacity;
    --box.count;
    box.writers.wake_one();
    return message;
}

/// Memory of lwIP's timers, of which it has about ten.
constexpr unsigned most_timers = MEMP_NUM_SYS_TIMEOUT;
sys_timeo timers[most_timers];
bool timer_used[most_timers];

struct Beginning {
    lwip_thread_fn entry;
    void* argument;
};

} // namespace

extern "C" {

void sys_init() {}
u32_t sys_now() { return static_cast<u32_t>(minios::clock::now_ns() / 1'000'000); }
u32_t sys_jiffies() { return sys_now(); }
void sys_arch_msleep(u32_t ms) { minios::clock::sleep_ms(ms); }

err_t sys_sem_new(sys_sem_t* semaphore, u8_t count) {
    *semaphore = heap::make<minios_semaphore>();
    if (*semaphore == nullptr) return ERR_MEM;
    (*semaphore)->count = count;
    return ERR_OK;
}
void sys_sem_free(sys_sem_t* semaphore) { heap::destroy(*semaphore); }
void sys_sem_signal(sys_sem_t* semaphore) {
    ++(*semaphore)->count;
    (*semaphore)->waiters.wake_one();
}

u32_t sys_arch_sem_wait(sys_sem_t* semaphore, u32_t timeout_ms) {
    const std::uint64_t deadline = deadline_in(timeout_ms);
    while ((*semaphore)->count == 0)
        if (!(*semaphore)->waiters.wait(deadline)) return SYS_ARCH_TIMEOUT;
    --(*semaphore)->count;
    return 0;
}

err_t sys_mutex_new(sys_mutex_t* mutex) { return sys_sem_new(mutex, 1); }
void sys_mutex_free(sys_mutex_t* mutex) { sys_sem_free(mutex); }
void sys_mutex_lock(sys_mutex_t* mutex) { (void)sys_arch_sem_wait(mutex, 0); }
void sys_mutex_unlock(sys_mutex_t* mutex) { sys_sem_signal(mutex); }

err_t sys_mbox_new(sys_mbox_t* box, int size) {
    const unsigned capacity = size > 0 ? static_cast<unsigned>(size) : 16;
    void* memory = heap::allocate(sizeof(minios_mailbox) + capacity * sizeof(void*));
    if (memory == nullptr) return ERR_MEM;
    *box = new (memory) minios_mailbox;
    (*box)->capacity = capacity;
    return ERR_OK;
}
void sys_mbox_free(sys_mbox_t* box) { heap::destroy(*box); }

void sys_mbox_post(sys_mbox_t* box, void* message) {
    while ((*box)->count == (*box)->capacity) (*box)->writers.wait();
    put(**box, message);
}
err_t sys_mbox_trypost(sys_mbox_t* box, void* message) {
    if ((*box)->count == (*box)->capacity) return ERR_MEM;
    put(**box, message);
    return ERR_OK;
}
err_t sys_mbox_trypost_fromisr(sys_mbox_t* box, void* message) { return sys_mbox_trypost(box, message); }

u32_t sys_arch_mbox_fetch(sys_mbox_t* box, void** message, u32_t timeout_ms) {
    const std::uint64_t deadline = deadline_in(timeout_ms);
    if ((*box)->count == 0) minios::files::readiness_changed(); // the stack's thread has done its work
    while ((*box)->count == 0) {
        const int error = minios::libc::wait_once((*box)->readers, deadline);
        if (error == 0 || (*box)->count != 0) continue;
        // To lwIP all of them are timeouts; minios/net/sockets.cpp tells its caller what it was.
        minios::libc::this_thread().broken_wait = error == -ETIMEDOUT ? 0 : error;
        return SYS_ARCH_TIMEOUT;
    }
    void* taken = take(**box);
    if (message != nullptr) *message = taken;
    return 0;
}
u32_t sys_arch_mbox_tryfetch(sys_mbox_t* box, void** message) {
    if ((*box)->count == 0) return SYS_MBOX_EMPTY;
    void* taken = take(**box);
    if (message != nullptr) *message = taken;
    return 0;
}

// For core/timeouts.c alone, instead of memp_malloc() and memp_free().
void* minios_lwip_timer_allocate(memp_t) {
    for (unsigned i = 0; i < most_timers; ++i) {
        if (timer_used[i]) continue;
        timer_used[i] = true;
        return &timers[i];
    }
    return nullptr;
}
void minios_lwip_timer_release(memp_t, void* timer) { timer_used[static_cast<sys_timeo*>(timer) - timers] = false; }

sys_thread_t sys_thread_new(const char* name, lwip_thread_fn entry, void* argument, int stack_size, int) {
    static unsigned number;
    auto* beginning = heap::make<Beginning>();
    if (beginning == nullptr) minios::panic("lwIP: no memory for thread %s", name);
    *beginning = {entry, argument};
    const auto run = [](void* memory) {
        const Beginning begin = *static_cast<Beginning*>(memory);
        heap::release(memory);
        begin.entry(begin.argument);
    };
    const auto size = static_cast<std::size_t>(stack_size);
    if (!minios::threads::create(name, run, beginning, size)) minios::panic("lwIP: no memory for thread %s", name);
    return ++number;
}

void minios_lwip_failed(const char* message, const char* file, int line) {
    minios::panic("lwIP: %s:%d: %s", file, line, message);
}

/// Ports and sequence numbers must not be guessed: from the processor's generator; without one, from the clock.
std::uint32_t minios_lwip_random() {
    std::uint32_t word;
    if (getentropy(&word, sizeof word) != 0)
        word = static_cast<std::uint32_t>(minios::clock::now_ns() * 2654435761u >> 3);
    return word;
}

} // extern "C"
