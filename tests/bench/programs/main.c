// SPDX-License-Identifier: MIT
// What a program's everyday operations cost. As a process it is /init of Linux.
#include "measure.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#ifndef __skerry__
#include <sys/reboot.h>
#endif

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    mkdir("/tmp", 0755);
    measure_memory();
    measure_text();
    measure_files();
    measure_threads();
    measure_sockets();
    printf("bench: done\n");
#ifndef __skerry__
    reboot(RB_AUTOBOOT);
#endif
    return 0;
}
