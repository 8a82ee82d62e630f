// SPDX-License-Identifier: MIT
// There is one process, and it is the domain: its identity, and the calls that would
// need others.
#include "result.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

using minios::libc::refuse;

namespace minios::libc {

int errno_of(Error error) {
    switch (error) {
    case Error::none: return 0;
    case Error::not_permitted: return EPERM;
    case Error::not_found: return ENOENT;
    case Error::no_such_process: return ESRCH;
    case Error::io: return EIO;
    case Error::again: return EAGAIN;
    case Error::no_memory: return ENOMEM;
    case Error::access: return EACCES;
    case Error::fault: return EFAULT;
    case Error::busy: return EBUSY;
    case Error::exists: return EEXIST;
    case Error::invalid: return EINVAL;
    case Error::no_space: return ENOSPC;
    case Error::range: return ERANGE;
    case Error::not_implemented: return ENOSYS;
    case Error::timed_out: return ETIMEDOUT;
    }
    return EIO;
}

} // namespace minios::libc

extern "C" {

pid_t getpid() { return 1; }
pid_t getppid() { return 0; }
uid_t getuid() { return 0; }
uid_t geteuid() { return 0; }
gid_t getgid() { return 0; }
gid_t getegid() { return 0; }

// The one process is its own group and session.
pid_t getpgrp() { return getpid(); }
pid_t getpgid(pid_t process) { return process == 0 || process == getpid() ? getpid() : refuse(ESRCH); }
pid_t getsid(pid_t process) { return getpgid(process); }
pid_t setsid() { return refuse(EPERM); }
int setpgid(pid_t process, pid_t) { return process == 0 || process == getpid() ? refuse(EPERM) : refuse(ESRCH); }

pid_t fork() { return refuse(ENOSYS); }
pid_t vfork() { return refuse(ENOSYS); }
int execve(const char*, char* const[], char* const[]) { return refuse(ENOSYS); }
int execvpe(const char*, char* const[], char* const[]) { return refuse(ENOSYS); }
FILE* popen(const char*, const char*) {
    errno = ENOSYS;
    return nullptr;
}
int pclose(FILE*) { return refuse(ECHILD); }
pid_t wait(int*) { return refuse(ECHILD); }
pid_t waitpid(pid_t, int*, int) { return refuse(ECHILD); }
pid_t wait3(int*, int, struct rusage*) { return refuse(ECHILD); }
pid_t wait4(pid_t, int*, int, struct rusage*) { return refuse(ECHILD); }
int waitid(idtype_t, id_t, siginfo_t*, int) { return refuse(ECHILD); }

int gethostname(char* name, std::size_t size) {
    constexpr const char* own = "skerry";
    if (size <= strlen(own)) return refuse(ENAMETOOLONG);
    strcpy(name, own);
    return 0;
}

} // extern "C"
