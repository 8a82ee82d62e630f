// SPDX-License-Identifier: MIT
// Forbidden uses of memory, one for each run: `misuse NAME` must not survive. Without a name the same memory is used as it may be.
#include "tests/programs/lib/check.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { page = 4096 };
static const int both = PROT_READ | PROT_WRITE;
static const char constant[] = "constant";

// So that the compiler believes nothing about blocks.
static void* volatile hidden;
static char* opaque(void* p) {
    hidden = p;
    return hidden;
}
static __attribute__((noinline)) char* allocate_here(size_t size) { return opaque(malloc(size)); }
static __attribute__((noinline)) void release_here(char* p) { free(opaque(p)); }

// --- the heap ---------------------------------------------------------------------------------------------------------

static void released_small_write(void) {
    char* block = allocate_here(40);
    release_here(block);
    block[7] = 1;
}
static void released_large_write(void) {
    char* block = allocate_here(10000);
    release_here(block);
    block[7] = 1;
}
static void released_large_read(void) {
    char* block = allocate_here(10000);
    release_here(block);
    printf("read %d\n", block[9999]);
}
static void released_pointer(void) {
    char** block = (char**)allocate_here(40);
    block[1] = (char*)block;
    release_here((char*)block);
    *block[1] = 1;
}
static void released_twice(void) {
    char* block = allocate_here(100);
    release_here(block);
    release_here(block);
}
static void small_overflow(void) {
    char* block = allocate_here(100);
    block[100] = 1;
    release_here(block);
}
static void large_overflow(void) {
    char* block = allocate_here(8000);
    block[8000] = 1;
}
static void underflow(void) {
    char* block = allocate_here(100);
    block[-3] = 1;
    release_here(block);
}
static void overflow_until_end(void) { allocate_here(100)[101] = 1; } // nobody releases it
static void inner_release(void) { release_here(allocate_here(100) + 16); }
static void stray_release(void) {
    static long long variable[4];
    release_here((char*)&variable[2]);
}

// --- pages ------------------------------------------------------------------------------------------------------------

static char* mapped(int protection) { return opaque(mmap(NULL, page, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)); }
static void read_only_page(void) { *mapped(PROT_READ) = 1; }
static void no_access(void) { printf("read %d\n", *mapped(PROT_NONE)); }
static void execution(void) {
    char* code = mapped(both);
    *code = (char)0xc3;
    ((void (*)(void))code)();
}
static void constants(void) { *opaque((void*)(uintptr_t)constant) = 1; }
static const unsigned char constant_code[] = {0xc3};
static void execution_of_constants(void) { ((void (*)(void))opaque((void*)(uintptr_t)constant_code))(); }
static void text(void) { *(volatile char*)(uintptr_t)&text = 1; }
static void behind_file(void) {
    const int file = open("/tmp/short", O_RDWR | O_CREAT, 0600);
    write(file, "short", 5);
    char* bytes = opaque(mmap(NULL, 2 * page, PROT_READ, MAP_SHARED, file, 0));
    printf("read %d\n", bytes[0]);
    printf("read %d\n", bytes[page]);
}
static void unpromised(void) {
    const size_t size = 64 << 20;
    char* bytes = mmap(NULL, size, both, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (size_t i = 0; i < size; i += page) bytes[i] = 1;
}

// --- stacks -----------------------------------------------------------------------------------------------------------

static __attribute__((noinline)) void copy_too_much(const char* text, size_t size) {
    char buffer[32];
    memcpy(opaque(buffer), text, size);
    printf("copied %.4s\n", buffer);
}
static void smashed_stack(void) {
    static char text[64];
    memset(text, 'A', sizeof text);
    copy_too_much(text, (size_t)(uintptr_t)opaque((void*)sizeof text));
}
static int deeper(int depth) {
    volatile char frame[2000];
    frame[depth % 2000] = 1;
    return depth == 0 ? 0 : deeper(depth - 1) + frame[depth % 2000];
}
static void stack_overflow(void) { printf("%d\n", deeper((int)(intptr_t)opaque((void*)100000))); }

// Stacks lie one above the other. What is as far below a frame as its stack is large lies in the stack's guard, which is 64 KiB.
enum { chosen_size = 48 << 10 };
static void read_below(size_t size) { printf("read %d\n", *(char*)opaque((char*)__builtin_frame_address(0) - size)); }
static void guard_of_main(void) { read_below(256 << 10); }
static void* read_below_thread(void* argument) {
    read_below(chosen_size);
    return argument;
}
static void* overflow_thread(void* argument) {
    printf("%d\n", deeper(chosen_size / 1500)); // beyond its stack, but not beyond the one below
    return argument;
}
static void* wait_below(void* argument) {
    char room[chosen_size / 2] = {0};
    sleep((unsigned)(uintptr_t)argument);
    printf("below: %d\n", *opaque(room));
    return argument;
}
/// `act` on the upper of two stacks of a size of their own.
static void in_upper_thread(void* (*act)(void*)) {
    pthread_attr_t attributes;
    pthread_t lower, upper;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, chosen_size);
    pthread_create(&lower, &attributes, wait_below, (void*)1);
    pthread_create(&upper, &attributes, act, NULL);
    pthread_join(upper, NULL);
}
static void guard_of_thread(void) { in_upper_thread(read_below_thread); }
static void thread_overflow(void) { in_upper_thread(overflow_thread); }

static const struct {
    const char* name;
    void (*act)(void);
} misuses[] = {{"released-small-write", released_small_write},
               {"released-large-write", released_large_write},
               {"released-large-read", released_large_read},
               {"released-pointer", released_pointer},
               {"released-twice", released_twice},
               {"small-overflow", small_overflow},
               {"large-overflow", large_overflow},
               {"underflow", underflow},
               {"overflow-until-end", overflow_until_end},
               {"inner-release", inner_release},
               {"stray-release", stray_release},
               {"read-only-page", read_only_page},
               {"no-access", no_access},
               {"execution", execution},
               {"execution-of-constants", execution_of_constants},
               {"constants", constants},
               {"text", text},
               {"behind-file", behind_file},
               {"unpromised", unpromised},
               {"smashed-stack", smashed_stack},
               {"stack-overflow", stack_overflow},
               {"guard-of-main", guard_of_main},
               {"guard-of-thread", guard_of_thread},
               {"thread-overflow", thread_overflow}};

/// Blocks of many sizes, aligned and not, made larger and smaller: what a correct program does.
static void heap_as_it_may_be(void) {
    enum { count = 300 };
    static unsigned char* blocks[count];
    static size_t sizes[count];
    unsigned random = 7;
    int good = 1;
    for (int round = 0; round < 3000; round++) {
        random = random * 1103515245 + 12345;
        const int i = (int)(random >> 16) % count, act = random >> 29;
        const size_t size = (random >> 8) % (act == 0 ? 9000 : 200);
        const size_t old = sizes[i];
        for (size_t at = 0; at < old; at += 13) good = good && blocks[i][at] == (unsigned char)i;
        if (act < 5 || blocks[i] == NULL) {
            free(blocks[i]);
            blocks[i] = act == 1 ? aligned_alloc(256, size) : act == 2 ? calloc(1, size) : malloc(size);
            for (size_t at = 0; act == 2 && at < size; at++) good = good && blocks[i][at] == 0;
        } else {
            blocks[i] = realloc(blocks[i], size + 1);
            for (size_t at = 0; at < old && at <= size; at += 13) good = good && blocks[i][at] == (unsigned char)i;
        }
        good = good && blocks[i] != NULL;
        if (!good) break;
        sizes[i] = size;
        memset(blocks[i], i, size);
    }
    check("3000 allocations and releases", good);
    for (int i = 0; i < count; i++) free(blocks[i]);
}

int main(int argc, char** argv) {
    for (size_t i = 0; argc > 1 && i < sizeof misuses / sizeof misuses[0]; i++) {
        if (strcmp(argv[1], misuses[i].name) != 0) continue;
        misuses[i].act();
        for (int more = 0; more < 100; more++) free(malloc(10)); // gives the heap a chance to look
        printf("end of %s\n", argv[1]);
        return 0;
    }
    heap_as_it_may_be();
    static char text[32];
    copy_too_much(text, sizeof text);
    CHECK(deeper(20) == 20);
    CHECK(constant[0] == 'c');
    CHECK(*mapped(PROT_READ) == 0);
    return checks_done();
}
