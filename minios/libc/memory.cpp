// SPDX-License-Identifier: MIT
// malloc and its kind over the kernel's heap, instead of newlib's: one heap for the whole domain, backed on touch.
#include <minios/memory.h>

#include <errno.h>
#include <malloc.h>
#include <reent.h>
#include <stdlib.h>
#include <unistd.h>

namespace heap = minios::heap;

namespace {

template <class Pointer> Pointer or_errno(Pointer p) {
    if (p == nullptr) errno = ENOMEM;
    return p;
}

bool power_of_two(std::size_t n) { return n != 0 && (n & (n - 1)) == 0; }

} // namespace

extern "C" {

void* malloc(std::size_t size) { return or_errno(heap::allocate(size)); }
void free(void* p) { heap::release(p); }
void cfree(void* p) { heap::release(p); }

void* calloc(std::size_t count, std::size_t size) {
    std::size_t total;
    return or_errno(__builtin_mul_overflow(count, size, &total) ? nullptr : heap::allocate_zeroed(total));
}

void* realloc(void* p, std::size_t size) {
    if (p == nullptr || size != 0) return or_errno(heap::resize(p, size));
    heap::release(p);
    return nullptr;
}

void* reallocarray(void* p, std::size_t count, std::size_t size) {
    std::size_t total;
    return __builtin_mul_overflow(count, size, &total) ? or_errno<void*>(nullptr) : realloc(p, total);
}

void* memalign(std::size_t alignment, std::size_t size) {
    if (power_of_two(alignment)) return or_errno(heap::allocate_aligned(alignment, size));
    errno = EINVAL;
    return nullptr;
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
void* valloc(std::size_t size) { return memalign(minios::page_size, size); }
void* pvalloc(std::size_t size) {
    const std::size_t rounded = (size + minios::page_size - 1) & ~(minios::page_size - 1);
    return rounded >= size ? memalign(minios::page_size, rounded) : or_errno<void*>(nullptr);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
    if (!power_of_two(alignment) || alignment < sizeof(void*)) return EINVAL;
    void* p = heap::allocate_aligned(alignment, size);
    if (p == nullptr) return ENOMEM;
    *result = p;
    return 0;
}

std::size_t malloc_usable_size(void* p) { return heap::size_of(p); }

struct mallinfo mallinfo() {
    const auto usage = heap::usage();
    struct mallinfo info {};
    info.arena = usage.reached;
    info.uordblks = usage.in_use;
    info.fordblks = usage.reached - usage.in_use;
    return info;
}

// What newlib itself calls.
void* _malloc_r(struct _reent*, std::size_t size) { return malloc(size); }
void* _calloc_r(struct _reent*, std::size_t count, std::size_t size) { return calloc(count, size); }
void* _realloc_r(struct _reent*, void* p, std::size_t size) { return realloc(p, size); }
void* _memalign_r(struct _reent*, std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
void _free_r(struct _reent*, void* p) { heap::release(p); }

/// There is one heap and it does not grow at one end.
void* sbrk(ptrdiff_t) {
    errno = ENOSYS;
    return reinterpret_cast<void*>(-1);
}

} // extern "C"
