// SPDX-License-Identifier: MIT
// Thread-local variables that are all zero at first: each thread has its own, and they lie in memory that is the thread's.
#include "tests/programs/lib/check.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { threads = 8, size = 200 };
static __thread char text[size];
static __thread uint64_t number;
extern const char minios_tls_size[]; ///< from the linker script

static void* work(void* argument) {
    const int own = (int)(intptr_t)argument;
    int good = number == 0 && text[0] == 0 && text[size - 1] == 0;
    memset(text, own, size);
    number = (uint64_t)own;
    for (int i = 0; i < 10; ++i) {
        free(malloc((size_t)(own * 40 + i)));
        sched_yield();
        for (int at = 0; at < size; ++at) good = good && text[at] == own;
        good = good && number == (uint64_t)own;
    }
    return good ? argument : NULL;
}

int main(void) {
    CHECK((size_t)minios_tls_size >= size + sizeof number);
    CHECK(work((void*)100) != NULL);
    pthread_t ids[threads];
    int good = 0;
    for (int i = 0; i < threads; ++i) good += pthread_create(&ids[i], NULL, work, (void*)(intptr_t)(i + 1)) == 0;
    for (int i = 0; i < threads; ++i) {
        void* result = NULL;
        good += pthread_join(ids[i], &result) == 0 && result != NULL;
    }
    CHECK(good == 2 * threads);
    CHECK(number == 100 && text[7] == 100);
    return checks_done();
}
