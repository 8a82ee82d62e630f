// SPDX-License-Identifier: MIT
// <threads.h>: the threads of ISO C are pthreads.
#include <minios/memory.h>

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <threads.h>
#include <time.h>

using namespace minios;

namespace {

int result_of(int error) {
    switch (error) {
    case 0: return thrd_success;
    case EBUSY: return thrd_busy;
    case ENOMEM:
    case EAGAIN: return thrd_nomem;
    case ETIMEDOUT: return thrd_timedout;
    default: return thrd_error;
    }
}

struct Start {
    thrd_start_t function;
    void* argument;
};

void* run(void* context) {
    const Start start = *static_cast<Start*>(context);
    heap::release(context);
    return reinterpret_cast<void*>(static_cast<intptr_t>(start.function(start.argument)));
}

} // namespace

extern "C" {

int thrd_create(thrd_t* thread, thrd_start_t function, void* argument) {
    auto* start = static_cast<Start*>(heap::allocate(sizeof(Start)));
    if (start == nullptr) return thrd_nomem;
    *start = {function, argument};
    const int error = pthread_create(thread, nullptr, run, start);
    if (error != 0) heap::release(start);
    return result_of(error);
}

int thrd_join(thrd_t thread, int* result) {
    void* value = nullptr;
    const int error = pthread_join(thread, &value);
    if (error == 0 && result != nullptr) *result = static_cast<int>(reinterpret_cast<intptr_t>(value));
    return result_of(error);
}

void thrd_exit(int result) {
    pthread_exit(reinterpret_cast<void*>(static_cast<intptr_t>(result)));
    __builtin_unreachable();
}

int thrd_detach(thrd_t thread) { return result_of(pthread_detach(thread)); }
thrd_t thrd_current() { return pthread_self(); }
int thrd_equal(thrd_t one, thrd_t other) { return pthread_equal(one, other); }
void thrd_yield() { sched_yield(); }
/// 0, -1 after a signal's handler, or another negative number.
int thrd_sleep(const timespec* time, timespec* left) {
    if (nanosleep(time, left) == 0) return 0;
    return errno == EINTR ? -1 : -2;
}

int mtx_init(mtx_t* mutex, int type) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    if ((type & mtx_recursive) != 0) pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    return result_of(pthread_mutex_init(mutex, &attributes));
}
void mtx_destroy(mtx_t* mutex) { pthread_mutex_destroy(mutex); }
int mtx_lock(mtx_t* mutex) { return result_of(pthread_mutex_lock(mutex)); }
int mtx_trylock(mtx_t* mutex) { return result_of(pthread_mutex_trylock(mutex)); }
int mtx_timedlock(mtx_t* mutex, const timespec* until) { return result_of(pthread_mutex_timedlock(mutex, until)); }
int mtx_unlock(mtx_t* mutex) { return result_of(pthread_mutex_unlock(mutex)); }

int cnd_init(cnd_t* condition) { return result_of(pthread_cond_init(condition, nullptr)); }
void cnd_destroy(cnd_t* condition) { pthread_cond_destroy(condition); }
int cnd_wait(cnd_t* condition, mtx_t* mutex) { return result_of(pthread_cond_wait(condition, mutex)); }
int cnd_timedwait(cnd_t* condition, mtx_t* mutex, const timespec* until) {
    return result_of(pthread_cond_timedwait(condition, mutex, until));
}
int cnd_signal(cnd_t* condition) { return result_of(pthread_cond_signal(condition)); }
int cnd_broadcast(cnd_t* condition) { return result_of(pthread_cond_broadcast(condition)); }

int tss_create(tss_t* key, tss_dtor_t destructor) { return result_of(pthread_key_create(key, destructor)); }
void tss_delete(tss_t key) { pthread_key_delete(key); }
void* tss_get(tss_t key) { return pthread_getspecific(key); }
int tss_set(tss_t key, void* value) { return result_of(pthread_setspecific(key, value)); }

void call_once(once_flag* once, void (*function)()) { pthread_once(once, function); }

} // extern "C"
