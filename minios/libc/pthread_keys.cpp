// SPDX-License-Identifier: MIT
// Values of each thread by key.
#include "thread_block.h"

#include <minios/memory.h>

#include <errno.h>

using minios::libc::most_keys;
using minios::libc::this_thread;

namespace {

struct Key {
    bool used;
    void (*destructor)(void*);
} keys[most_keys];

} // namespace

namespace minios::libc {

/// Destructors may set values again: POSIX asks for some rounds, and then no more.
void run_key_destructors() {
    constexpr int rounds = 4; // PTHREAD_DESTRUCTOR_ITERATIONS
    const void** values = this_thread().values;
    if (values == nullptr) return;
    bool again = true;
    for (int round = 0; again && round < rounds; ++round) {
        again = false;
        for (unsigned key = 0; key < most_keys; ++key) {
            const void* value = values[key];
            if (value == nullptr || !keys[key].used || keys[key].destructor == nullptr) continue;
            values[key] = nullptr;
            keys[key].destructor(const_cast<void*>(value));
            again = true;
        }
    }
}

} // namespace minios::libc

extern "C" {

int pthread_key_create(pthread_key_t* key, void (*destructor)(void*)) {
    for (unsigned i = 0; i < most_keys; ++i) {
        if (keys[i].used) continue;
        keys[i] = {true, destructor};
        *key = i;
        return 0;
    }
    return EAGAIN;
}

int pthread_key_delete(pthread_key_t key) {
    if (key >= most_keys || !keys[key].used) return EINVAL;
    keys[key] = {};
    for (pthread_t id = 1; id <= minios::libc::highest_thread_id(); ++id) {
        auto* thread = minios::libc::find_thread(id);
        if (thread == nullptr) continue;
        if (thread->values != nullptr) thread->values[key] = nullptr;
    }
    return 0;
}

int pthread_setspecific(pthread_key_t key, const void* value) {
    if (key >= most_keys || !keys[key].used) return EINVAL;
    const void**& values = this_thread().values;
    if (values == nullptr) {
        if (value == nullptr) return 0;
        values = static_cast<const void**>(minios::heap::allocate_zeroed(most_keys * sizeof(void*)));
        if (values == nullptr) return ENOMEM;
    }
    values[key] = value;
    return 0;
}

void* pthread_getspecific(pthread_key_t key) {
    const void** values = this_thread().values;
    return values != nullptr && key < most_keys ? const_cast<void*>(values[key]) : nullptr;
}

} // extern "C"
