// SPDX-License-Identifier: MIT
// mmap() and its kind, over the kernel's regions. Nothing is ever executable but a program's text, so PROT_EXEC fails.
#include "result.h"

#include <minios/files.h>
#include <minios/regions.h>

#include <stdint.h>
#include <sys/mman.h>

using namespace minios;
using libc::errno_of;
using libc::refuse;
using regions::Protection;

namespace {

constexpr int known_protection = PROT_READ | PROT_WRITE | PROT_EXEC;
constexpr int known_flags = MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE |
                            MAP_STACK | MAP_FIXED_NOREPLACE;

/// 0, or the errno of a protection that cannot be.
int convert(int protection, Protection& converted) {
    if ((protection & ~known_protection) != 0) return EINVAL;
    if ((protection & PROT_EXEC) != 0) return ENOTSUP;
    converted = (protection & PROT_WRITE) != 0  ? Protection::read_write
                : (protection & PROT_READ) != 0 ? Protection::read
                                                : Protection::none;
    return 0;
}

bool on_page(const void* address) { return reinterpret_cast<uintptr_t>(address) % page_size == 0; }

/// Adds the file to what is asked for.
int find_content(int descriptor, off_t offset, regions::Request& request) {
    files::OpenFile* file = files::find(descriptor);
    if (file == nullptr) return EBADF;
    if (file->operations.content == nullptr) return ENODEV;
    if (!file->for_reading()) return EACCES;
    if (request.shared && request.protection == Protection::read_write && !file->for_writing()) return EACCES;
    std::size_t end;
    if (offset < 0 || offset % static_cast<off_t>(page_size) != 0) return EINVAL;
    if (__builtin_add_overflow(static_cast<std::size_t>(offset), request.size, &end) || end > INT64_MAX)
        return EOVERFLOW;
    request.offset = static_cast<std::uint64_t>(offset);
    request.never_written = request.shared && !file->for_writing();
    if (const int error = -file->operations.content(*file, request.content); error != 0) return error;
    // What nobody can change looks the same shared and copied.
    if (request.shared && !request.content->in_pages_of_its_own) {
        if (file->for_writing()) return ENODEV;
        request.shared = false;
    }
    return 0;
}

int map(void* address, std::size_t size, int protection, int flags, int descriptor, off_t offset, void*& mapped) {
    regions::Request request{.size = size};
    const int sharing = flags & (MAP_SHARED | MAP_PRIVATE);
    if (size == 0 || (flags & ~known_flags) != 0 || (sharing != MAP_SHARED && sharing != MAP_PRIVATE)) return EINVAL;
    if (const int error = convert(protection, request.protection); error != 0) return error;
    request.lazy = (flags & MAP_NORESERVE) != 0;
    if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0) {
        if (!on_page(address) || address == nullptr) return EINVAL;
        request.placement =
            (flags & MAP_FIXED_NOREPLACE) != 0 ? regions::Placement::if_free : regions::Placement::replacing;
    }
    request.address = on_page(address) ? address : nullptr; // a hint need not be followed
    if ((flags & MAP_ANONYMOUS) == 0) {
        request.shared = sharing == MAP_SHARED; // without a file there is nobody to share with
        if (const int error = find_content(descriptor, offset, request); error != 0) return error;
    }
    auto result = regions::map(request);
    if (!result) return errno_of(result.error());
    mapped = *result;
    if ((flags & MAP_POPULATE) != 0 && request.protection == Protection::read_write && request.content == nullptr)
        (void)regions::populate(mapped, size); // as far as it goes: it is only for speed
    return 0;
}

int result_of_range(Result<void> result) { return result ? 0 : refuse(errno_of(result.error())); }

bool is_advice(int advice) {
    static_assert(MADV_NORMAL == POSIX_MADV_NORMAL && MADV_WILLNEED == POSIX_MADV_WILLNEED);
    return advice >= MADV_NORMAL && advice <= MADV_WILLNEED;
}

} // namespace

extern "C" {

void* mmap(void* address, std::size_t size, int protection, int flags, int descriptor, off_t offset) {
    void* mapped = MAP_FAILED;
    if (const int error = map(address, size, protection, flags, descriptor, offset, mapped); error != 0) errno = error;
    return mapped;
}

int munmap(void* address, std::size_t size) { return result_of_range(regions::unmap(address, size)); }

int mprotect(void* address, std::size_t size, int protection) {
    Protection converted{};
    if (const int error = convert(protection, converted); error != 0) return refuse(error);
    if (!on_page(address)) return refuse(EINVAL);
    return size == 0 ? 0 : result_of_range(regions::protect(address, size, converted));
}

/// Files in memory have nothing behind them to be written to, but a time of change.
int msync(void* address, std::size_t size, int flags) {
    const int when = flags & (MS_ASYNC | MS_SYNC);
    if ((flags & ~(MS_ASYNC | MS_SYNC | MS_INVALIDATE)) != 0 || when == (MS_ASYNC | MS_SYNC) || when == 0 ||
        !on_page(address))
        return refuse(EINVAL);
    return size == 0 ? 0 : result_of_range(regions::synchronize(address, size));
}

int madvise(void* address, std::size_t size, int advice) {
    if (!on_page(address)) return refuse(EINVAL);
    if (advice == MADV_DONTNEED || advice == MADV_FREE)
        return size == 0 ? 0 : result_of_range(regions::discard(address, size));
    if (!is_advice(advice)) return refuse(EINVAL);
    return size == 0 || regions::covers(address, size) ? 0 : refuse(ENOMEM);
}

/// All of this advice is about speed.
int posix_madvise(void* address, std::size_t size, int advice) {
    if (!on_page(address) || (!is_advice(advice) && advice != POSIX_MADV_DONTNEED)) return EINVAL;
    return size == 0 || regions::covers(address, size) ? 0 : ENOMEM;
}

} // extern "C"
