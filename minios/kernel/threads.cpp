// SPDX-License-Identifier: MIT
// The scheduler: a FIFO of ready threads. The thread that finds nothing ready idles on its own stack until an event or
// timer makes one ready.
#include "internal.h"
#include "thread_pointer.h"

extern "C" void minios_switch(void** save_stack_pointer, void* new_stack_pointer);
extern "C" void minios_thread_start();
extern "C" int minios_call_on_stack(void* stack_top, int (*function)(void*), void* context);

namespace minios {

class Thread {
  public:
    constexpr Thread() : timer(on_deadline, this) {}
    static void on_deadline(void* context);

    void* stack_pointer = nullptr;
    Thread* next = nullptr;     ///< in the ready queue or a wait queue
    WaitQueue* queue = nullptr; ///< waiting there
    bool interruptible = false; ///< its present wait
    WaitEnd wait_end = WaitEnd::woken;
    void* stack = nullptr;
    std::size_t stack_size = 0;
    char name[24] = "main";
    void (*entry)(void*) = nullptr;
    void* argument = nullptr;
    void* block = nullptr;   ///< the runtime's; %fs base
    Thread* older = nullptr; ///< in the list of all
    Thread* newer = nullptr;
    unsigned number = 1;
    clock::Timer timer;
};

struct Scheduler {
    static inline constinit Thread main_thread;
    static inline Thread* current = &main_thread;
    static inline Thread* dead; ///< its stack is still the one we run on
    static inline Thread* newest = &main_thread;
    static inline WaitQueue ready;
    static inline threads::Runtime runtime;

    static void append(WaitQueue& queue, Thread* thread) {
        thread->next = nullptr;
        (queue.last_ != nullptr ? queue.last_->next : queue.first_) = thread;
        queue.last_ = thread;
    }

    static Thread* take_first(WaitQueue& queue) {
        Thread* thread = queue.first_;
        if (thread != nullptr) {
            queue.first_ = thread->next;
            if (queue.first_ == nullptr) queue.last_ = nullptr;
        }
        return thread;
    }

    static void remove(WaitQueue& queue, Thread* thread) {
        Thread* before = nullptr;
        for (Thread* at = queue.first_; at != nullptr; before = at, at = at->next) {
            if (at != thread) continue;
            (before != nullptr ? before->next : queue.first_) = at->next;
            if (queue.last_ == at) queue.last_ = before;
            return;
        }
    }

    /// Takes a thread out of the queue it waits in.
    static void end_wait(Thread* thread, WaitEnd how) {
        thread->wait_end = how;
        if (thread->queue != nullptr) remove(*thread->queue, thread);
        make_ready(thread);
    }

    static void make_ready(Thread* thread) {
        thread->queue = nullptr;
        thread->timer.cancel();
        append(ready, thread);
    }

    static void add(Thread* thread) {
        static unsigned last_number = 1;
        thread->number = ++last_number;
        thread->older = newest;
        newest = newest->newer = thread;
    }

    /// The oldest is the main thread, which stays.
    static void forget(Thread* thread) {
        thread->older->newer = thread->newer;
        (thread->newer != nullptr ? thread->newer->older : newest) = thread->older;
    }

    static void free_dead() {
        Thread* gone = dead;
        if (gone == nullptr) return;
        dead = nullptr; // first: what the runtime does may wait, and so come here again
        forget(gone);
        if (gone->block != nullptr) runtime.destroy(gone->block);
        stack_release(gone->stack, gone->stack_size);
        heap::destroy(gone);
    }

    /// The hypervisor's timer speaks through VIRQ_TIMER, which is bound when the first deadline appears.
    static void set_wake_up(std::uint64_t deadline) {
        static bool bound;
        if (deadline == 0 && !bound) return;
        if (!bound) {
            auto port = events::bind_virtual_irq(VIRQ_TIMER);
            if (!port) panic("threads: cannot bind the timer: %s", error_name(port.error()));
            events::set_handler(
                *port, [](Port, void*) {}, nullptr);
            bound = true;
        }
        (void)hypercall::set_timer_op(deadline);
    }

    /// Handles what is pending, and blocks until some thread is ready.
    static Thread* next_ready() {
        for (;;) {
            events::dispatch();
            const std::uint64_t deadline = clock::run_timers();
            if (Thread* thread = take_first(ready); thread != nullptr) return thread;
            set_wake_up(deadline);
            minios_block();
        }
    }

    /// Leaves the current thread, which has been queued somewhere (or is dying).
    static void switch_away() {
        Thread* next = next_ready();
        if (next == current) return;
        Thread* old = current;
        current = next;
        if (next->block != old->block) set_thread_pointer(next->block);
        minios_switch(&old->stack_pointer, next->stack_pointer);
        free_dead();
    }
};

void Thread::on_deadline(void* context) { Scheduler::end_wait(static_cast<Thread*>(context), WaitEnd::timed_out); }

WaitEnd WaitQueue::wait_here(std::uint64_t deadline_ns, bool interruptible) {
    Thread* self = Scheduler::current;
    self->wait_end = WaitEnd::woken;
    self->interruptible = interruptible;
    self->queue = this;
    Scheduler::append(*this, self);
    if (deadline_ns != 0) self->timer.set(deadline_ns);
    Scheduler::switch_away();
    return self->wait_end;
}

bool WaitQueue::wait(std::uint64_t deadline_ns) { return wait_here(deadline_ns, false) == WaitEnd::woken; }
WaitEnd WaitQueue::wait_interruptibly(std::uint64_t deadline_ns) { return wait_here(deadline_ns, true); }

void WaitQueue::wake_one() {
    if (Thread* thread = Scheduler::take_first(*this); thread != nullptr) Scheduler::make_ready(thread);
}

void WaitQueue::wake_all() {
    while (first_ != nullptr) wake_one();
}

/// Where a new thread begins, on its own stack.
extern "C" [[noreturn]] void minios_thread_main(Thread* self) {
    Scheduler::free_dead();
    self->entry(self->argument);
    threads::exit();
}

namespace {

/// What minios_switch pops: FPU control words, r15 r14 r13 r12 rbx rbp, return address.
void* first_frame(Thread* thread, std::size_t stack_size) {
    const std::size_t rounded = (stack_size + page_size - 1) & ~(page_size - 1);
    auto* top = reinterpret_cast<std::uint64_t*>(static_cast<char*>(thread->stack) + rounded);
    constexpr std::uint64_t mxcsr_default = 0x1f80, x87_control_default = 0x37f;
    *--top = 0; // keeps the stack aligned as after a call
    *--top = reinterpret_cast<std::uint64_t>(&minios_thread_start);
    *--top = 0;                                       // rbp
    *--top = reinterpret_cast<std::uint64_t>(thread); // rbx
    for (int i = 0; i < 4; ++i) *--top = 0;
    *--top = x87_control_default << 32 | mxcsr_default;
    return top;
}

} // namespace

namespace threads {

Result<Thread*> create(const char* name, void (*entry)(void*), void* argument, std::size_t stack_size) {
    auto* thread = heap::make<Thread>();
    if (thread == nullptr) return Error::no_memory;
    thread->stack = stack_allocate(stack_size);
    if (thread->stack != nullptr && Scheduler::runtime.create != nullptr) thread->block = Scheduler::runtime.create();
    if (thread->stack == nullptr || (Scheduler::runtime.create != nullptr && thread->block == nullptr)) {
        if (thread->stack != nullptr) stack_release(thread->stack, stack_size);
        heap::destroy(thread);
        return Error::no_memory;
    }
    thread->stack_size = stack_size;
    thread->entry = entry;
    thread->argument = argument;
    format_to(thread->name, sizeof thread->name, "%s", name);
    thread->stack_pointer = first_frame(thread, stack_size);
    Scheduler::add(thread);
    Scheduler::append(Scheduler::ready, thread);
    return thread;
}

void yield() {
    Scheduler::append(Scheduler::ready, Scheduler::current);
    Scheduler::switch_away();
}

void exit() {
    if (Scheduler::runtime.ended != nullptr) Scheduler::runtime.ended();
    if (Scheduler::current == &Scheduler::main_thread) shutdown(ShutdownReason::power_off);
    Scheduler::dead = Scheduler::current;
    Scheduler::switch_away();
    panic("a thread that ended runs again");
}

void interrupt(Thread& thread) {
    if (thread.queue != nullptr && thread.interruptible) Scheduler::end_wait(&thread, WaitEnd::interrupted);
}

int on_stack(std::size_t stack_size, int (*function)(void*), void* context) {
    stack_size = (stack_size + page_size - 1) & ~(page_size - 1);
    void* stack = stack_allocate(stack_size);
    if (stack == nullptr) panic("threads: no memory for a stack of %lu bytes", stack_size);
    const int result = minios_call_on_stack(static_cast<char*>(stack) + stack_size, function, context);
    stack_release(stack, stack_size);
    return result;
}

Thread* current() { return Scheduler::current; }
const char* name(const Thread* thread) { return thread->name; }
void* block_of(const Thread* thread) { return thread->block; }

Thread* oldest() { return &Scheduler::main_thread; }
Thread* next_newer(const Thread* thread) { return thread->newer; }
unsigned number(const Thread* thread) { return thread->number; }
const std::uint64_t* saved_registers(const Thread* thread) {
    return static_cast<const std::uint64_t*>(thread->stack_pointer);
}

void set_runtime(const Runtime& runtime, void* block) {
    Scheduler::runtime = runtime;
    Scheduler::current->block = block;
    set_thread_pointer(block);
}

} // namespace threads
} // namespace minios
