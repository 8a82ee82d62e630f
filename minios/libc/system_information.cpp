// SPDX-License-Identifier: MIT
// What a program can ask of the system: its limits and what it has used.
#include "result.h"
#include "signal_queue.h"
#include "thread_block.h"

#include <minios/clock.h>
#include <minios/memory.h>
#include <minios/start.h>

#include <fcntl.h>
#include <limits.h>
#include <semaphore.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

using namespace minios;
using libc::refuse;

extern "C" const std::size_t minios_main_stack_size;

namespace {

long limit_of_files(int name) {
    switch (name) {
    case _PC_NAME_MAX: return NAME_MAX;
    case _PC_PATH_MAX: return PATH_MAX;
    case _PC_PIPE_BUF: return 512;
    case _PC_LINK_MAX: return 1;
    case _PC_MAX_CANON:
    case _PC_MAX_INPUT: return 255;
    case _PC_NO_TRUNC:
    case _PC_CHOWN_RESTRICTED:
    case _PC_2_SYMLINKS: return 1;
    case _PC_VDISABLE: return 0;
    case _PC_FILESIZEBITS: return 64;
    case _PC_TIMESTAMP_RESOLUTION: return 1;
    default: return refuse(EINVAL);
    }
}

} // namespace

extern "C" {

long sysconf(int name) {
    constexpr long posix_2008 = 200809;
    switch (name) {
    case _SC_THREADS:
    case _SC_TIMERS:
    case _SC_TIMEOUTS:
    case _SC_MAPPED_FILES:
    case _SC_MEMORY_PROTECTION:
    case _SC_SYNCHRONIZED_IO:
    case _SC_MONOTONIC_CLOCK:
    case _SC_CLOCK_SELECTION:
    case _SC_SEMAPHORES:
    case _SC_REALTIME_SIGNALS:
    case _SC_BARRIERS:
    case _SC_SPIN_LOCKS:
    case _SC_READER_WRITER_LOCKS:
    case _SC_THREAD_ATTR_STACKSIZE:
    case _SC_THREAD_SAFE_FUNCTIONS:
    case _SC_FSYNC:
    case _SC_IPV6: return posix_2008;
    case _SC_REGEXP: return 1;
    case _SC_PAGESIZE: return page_size;
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN: return 1;
    case _SC_CLK_TCK: return CLOCKS_PER_SEC;
    case _SC_OPEN_MAX:
    case _SC_STREAM_MAX: return getdtablesize();
    case _SC_PHYS_PAGES: return static_cast<long>(total_pages());
    case _SC_AVPHYS_PAGES: return static_cast<long>(frames::free_count());
    case _SC_RTSIG_MAX: return SIGRTMAX - SIGRTMIN + 1;
    case _SC_SEM_VALUE_MAX: return SEM_VALUE_MAX;
    case _SC_TIMER_MAX: return 32;
    case _SC_DELAYTIMER_MAX: return INT_MAX;
    case _SC_THREAD_KEYS_MAX: return libc::most_keys;
    case _SC_THREAD_DESTRUCTOR_ITERATIONS: return PTHREAD_DESTRUCTOR_ITERATIONS;
    case _SC_THREAD_THREADS_MAX: return libc::most_threads;
    case _SC_THREAD_STACK_MIN: return libc::smallest_stack_size;
    case _SC_IOV_MAX: return IOV_MAX;
    case _SC_HOST_NAME_MAX: return HOST_NAME_MAX;
    case _SC_SYMLOOP_MAX: return 8;
    case _SC_NGROUPS_MAX: return 0;
    case _SC_LOGIN_NAME_MAX: return sizeof "root";
    default: return refuse(EINVAL);
    }
}

/// The same for every file that is open.
long fpathconf(int descriptor, int name) {
    if (fcntl(descriptor, F_GETFD) < 0) return -1;
    return limit_of_files(name);
}
/// The same for every path that is there.
long pathconf(const char* path, int name) {
    struct stat status;
    return stat(path, &status) == 0 ? limit_of_files(name) : -1;
}

int getpagesize() { return page_size; }

int getrusage(int who, struct rusage* usage) {
    if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN) return refuse(EINVAL);
    *usage = {};
    if (who == RUSAGE_CHILDREN) return 0; // there are none
    const std::uint64_t us = clock::since_entry_ns() / 1000;
    usage->ru_utime = {static_cast<time_t>(us / 1'000'000), static_cast<suseconds_t>(us % 1'000'000)};
    usage->ru_maxrss = static_cast<long>((total_pages() - frames::free_count()) * (page_size / 1024));
    return 0;
}

int getrlimit(int resource, struct rlimit* limit) {
    switch (resource) {
    case RLIMIT_NOFILE: limit->rlim_cur = static_cast<rlim_t>(getdtablesize()); break;
    case RLIMIT_STACK: limit->rlim_cur = minios_main_stack_size; break;
    case RLIMIT_DATA:
    case RLIMIT_AS: limit->rlim_cur = total_pages() * page_size; break;
    case RLIMIT_CORE: limit->rlim_cur = 0; break;
    case RLIMIT_CPU:
    case RLIMIT_FSIZE: limit->rlim_cur = RLIM_INFINITY; break;
    default: return refuse(EINVAL);
    }
    limit->rlim_max = limit->rlim_cur;
    return 0;
}
/// Only to what it is.
int setrlimit(int resource, const struct rlimit* limit) {
    struct rlimit present;
    if (getrlimit(resource, &present) != 0) return -1;
    const bool same = limit->rlim_cur == present.rlim_cur && limit->rlim_max == present.rlim_max;
    return same ? 0 : refuse(EPERM);
}

} // extern "C"
