// SPDX-License-Identifier: MIT
// pthread_cancel: a thread is only cancelled where it waits or asks (deferred cancellation). Asynchronous cancelling acts at the same places,
// and where the thread yields: nothing interrupts one that computes.
#include "waiting.h"

#include <minios/threads.h>

#include <utility>

using namespace minios;
using libc::this_thread;
using libc::ThreadBlock;

namespace minios::libc {

bool cancellation_due() {
    const ThreadBlock& self = this_thread();
    return self.cancelled && self.cancel_state == PTHREAD_CANCEL_ENABLE && self.library_locks == 0;
}

void end_cancelled_thread() { pthread_exit(PTHREAD_CANCELED); }

} // namespace minios::libc

extern "C" {

int pthread_cancel(pthread_t id) {
    ThreadBlock* thread = libc::find_thread(id);
    if (thread == nullptr) return ESRCH;
    thread->cancelled = true;
    if (thread == &this_thread()) {
        if (thread->cancel_type == PTHREAD_CANCEL_ASYNCHRONOUS) pthread_testcancel();
    } else if (thread->thread != nullptr) {
        threads::interrupt(*thread->thread);
    }
    return 0;
}

void pthread_testcancel() {
    if (libc::cancellation_due()) libc::end_cancelled_thread();
}

int pthread_setcancelstate(int state, int* old) {
    if (state != PTHREAD_CANCEL_ENABLE && state != PTHREAD_CANCEL_DISABLE) return EINVAL;
    const int before = std::exchange(this_thread().cancel_state, state);
    if (old != nullptr) *old = before;
    if (this_thread().cancel_type == PTHREAD_CANCEL_ASYNCHRONOUS) pthread_testcancel();
    return 0;
}

int pthread_setcanceltype(int type, int* old) {
    if (type != PTHREAD_CANCEL_DEFERRED && type != PTHREAD_CANCEL_ASYNCHRONOUS) return EINVAL;
    const int before = std::exchange(this_thread().cancel_type, type);
    if (old != nullptr) *old = before;
    if (type == PTHREAD_CANCEL_ASYNCHRONOUS) pthread_testcancel();
    return 0;
}

// What the macros pthread_cleanup_push and pthread_cleanup_pop call.
void _pthread_cleanup_push(struct _pthread_cleanup_context* context, void (*routine)(void*), void* argument) {
    *context = {routine, argument, this_thread().cancel_type, this_thread().cleanup};
    this_thread().cleanup = context;
}
void _pthread_cleanup_pop(struct _pthread_cleanup_context* context, int execute) {
    this_thread().cleanup = context->_previous;
    if (execute != 0) context->_routine(context->_arg);
}
void _pthread_cleanup_push_defer(struct _pthread_cleanup_context* context, void (*routine)(void*), void* argument) {
    _pthread_cleanup_push(context, routine, argument);
    this_thread().cancel_type = PTHREAD_CANCEL_DEFERRED;
}
void _pthread_cleanup_pop_restore(struct _pthread_cleanup_context* context, int execute) {
    const int type = context->_canceltype;
    _pthread_cleanup_pop(context, execute);
    (void)pthread_setcanceltype(type, nullptr);
}

} // extern "C"
