// SPDX-License-Identifier: MIT
// What the system calls itself.
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

extern "C" int uname(struct utsname* names) {
    *names = {"minios", "", "0.1", "Skerry", "x86_64"};
    return gethostname(names->nodename, sizeof names->nodename);
}
