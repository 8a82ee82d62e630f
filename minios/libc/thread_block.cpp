// SPDX-License-Identifier: MIT
#include "thread_block.h"

#include <minios/memory.h>
#include <minios/random.h>
#include <minios/start.h>

#include <new>
#include <string.h>

extern "C" {
// From the linker script: the thread-local variables as each thread first sees them.
extern const char minios_tls_start[], minios_tls_initialized[], minios_tls_size[], minios_tls_alignment[];
}

namespace minios::libc {

namespace {

ThreadBlock** threads_by_id; ///< from id 1 on; made larger as needed
std::size_t id_capacity;

std::size_t value_of(const char* symbol) { return reinterpret_cast<std::size_t>(symbol); }

/// Lowest free id; 0: no memory, or too many threads.
pthread_t take_id(ThreadBlock* block) {
    std::size_t id = 1;
    while (id <= id_capacity && threads_by_id[id - 1] != nullptr) ++id;
    if (id > most_threads) return 0;
    if (id > id_capacity) {
        const std::size_t capacity = id_capacity != 0 ? id_capacity * 2 : 15;
        void* larger = heap::resize(threads_by_id, capacity * sizeof(ThreadBlock*));
        if (larger == nullptr) return 0;
        threads_by_id = static_cast<ThreadBlock**>(larger);
        while (id_capacity < capacity) threads_by_id[id_capacity++] = nullptr;
    }
    threads_by_id[id - 1] = block;
    return static_cast<pthread_t>(id);
}

/// What stands between a function's arrays and its return address: random, with a zero byte that stops string functions.
std::uintptr_t stack_guard() {
    static std::uintptr_t guard;
    if (guard != 0) return guard;
    guard = (random::word() & ~std::uintptr_t{0xff}) | 0x100;
    return guard;
}

void ended() {
    run_key_destructors();
    thread_ended();
}

/// Joinable threads keep their block until they are joined.
void destroy(void* memory) {
    auto* block = static_cast<ThreadBlock*>(memory);
    block->thread = nullptr;
    if (block->detached) destroy_thread_block(block);
}

} // namespace

ThreadBlock* make_thread_block() {
    constexpr std::size_t block_alignment = 64;
    std::size_t alignment = value_of(minios_tls_alignment);
    if (alignment < block_alignment) alignment = block_alignment;
    const std::size_t variables = (value_of(minios_tls_size) + alignment - 1) & ~(alignment - 1);
    auto* memory = static_cast<char*>(heap::allocate_aligned(alignment, variables + sizeof(ThreadBlock)));
    if (memory == nullptr) return nullptr;
    const std::size_t initialized = value_of(minios_tls_initialized);
    // The variables end where the block begins, rounded to the variables' alignment: the linker counts back from there.
    const std::size_t from = variables - ((value_of(minios_tls_size) + value_of(minios_tls_alignment) - 1) &
                                          ~(value_of(minios_tls_alignment) - 1));
    memset(memory, 0, variables + sizeof(ThreadBlock));
    memcpy(memory + from, minios_tls_start, initialized);
    auto* block = new (memory + variables) ThreadBlock{};
    block->self = block;
    block->allocation = memory;
    block->detached = true;
    block->stack_guard = stack_guard();
    _REENT_INIT_PTR(&block->reent);
    block->id = take_id(block);
    if (block->id != 0) return block;
    heap::release(memory);
    return nullptr;
}

void destroy_thread_block(ThreadBlock* block) {
    threads_by_id[block->id - 1] = nullptr;
    block->signals.discard(~sigset_t{0});
    _reclaim_reent(&block->reent);
    heap::release(block->values);
    heap::release(block->allocation);
}

ThreadBlock* find_thread(pthread_t id) { return id >= 1 && id <= id_capacity ? threads_by_id[id - 1] : nullptr; }

pthread_t highest_thread_id() { return static_cast<pthread_t>(id_capacity); }

std::size_t thread_count() {
    std::size_t count = 0;
    for (std::size_t i = 0; i < id_capacity; ++i) count += threads_by_id[i] != nullptr && !threads_by_id[i]->ended;
    return count;
}

void start_threads() {
    ThreadBlock* block = make_thread_block();
    if (block == nullptr) panic("libc: no memory for the main thread's block");
    block->thread = threads::current();
    block->takes_signals = true;
    threads::set_runtime({[]() -> void* { return make_thread_block(); }, ended, destroy}, block);
}

} // namespace minios::libc

extern "C" struct _reent* __getreent() { return &minios::libc::this_thread().reent; }
