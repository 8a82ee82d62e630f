// SPDX-License-Identifier: MIT
// malloc, new and their kind for programs without a C library, over the kernel's heap (minios/memory.h).
#include <minios/minios.h>

#include <new>

extern "C" {

void* malloc(std::size_t size) noexcept { return minios::heap::allocate(size); }

void* calloc(std::size_t count, std::size_t size) noexcept {
    std::size_t total;
    return __builtin_mul_overflow(count, size, &total) ? nullptr : minios::heap::allocate_zeroed(total);
}

void* realloc(void* p, std::size_t size) noexcept {
    if (p == nullptr || size != 0) return minios::heap::resize(p, size);
    minios::heap::release(p);
    return nullptr;
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    return minios::heap::allocate_aligned(alignment, size);
}

void free(void* p) noexcept { minios::heap::release(p); }

} // extern "C"

namespace {

constexpr std::size_t malloc_alignment = 16;

void* allocate_or_panic(std::size_t size, std::size_t alignment) {
    void* p = alignment <= malloc_alignment ? malloc(size) : aligned_alloc(alignment, size);
    if (p == nullptr) minios::panic("out of memory: new of %lu bytes; %lu in use", size, minios::heap::usage().in_use);
    return p;
}

} // namespace

#define MINIOS_WEAK __attribute__((weak))
MINIOS_WEAK void* operator new(std::size_t size) { return allocate_or_panic(size, 0); }
MINIOS_WEAK void* operator new[](std::size_t size) { return allocate_or_panic(size, 0); }
MINIOS_WEAK void* operator new(std::size_t size, std::align_val_t a) { return allocate_or_panic(size, std::size_t(a)); }
MINIOS_WEAK void* operator new[](std::size_t size, std::align_val_t a) {
    return allocate_or_panic(size, std::size_t(a));
}
MINIOS_WEAK void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return malloc(size); }
MINIOS_WEAK void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return malloc(size); }
MINIOS_WEAK void* operator new(std::size_t size, std::align_val_t a, const std::nothrow_t&) noexcept {
    return aligned_alloc(std::size_t(a), size);
}
MINIOS_WEAK void operator delete(void* p) noexcept { free(p); }
MINIOS_WEAK void operator delete[](void* p) noexcept { free(p); }
MINIOS_WEAK void operator delete(void* p, std::size_t) noexcept { free(p); }
MINIOS_WEAK void operator delete[](void* p, std::size_t) noexcept { free(p); }
MINIOS_WEAK void operator delete(void* p, std::align_val_t) noexcept { free(p); }
MINIOS_WEAK void operator delete[](void* p, std::align_val_t) noexcept { free(p); }
MINIOS_WEAK void operator delete(void* p, std::size_t, std::align_val_t) noexcept { free(p); }
