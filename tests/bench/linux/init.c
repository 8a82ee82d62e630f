// SPDX-License-Identifier: MIT
// /init of the Linux benchmark: the first user instructions, and fork + exec + exit + wait of this static program.
// Prints "bench: NAME TOTAL COUNT" as the benchmark guest does.
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t read_tsc(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return (uint64_t)high << 32 | low;
}

static uint64_t fork_exec(unsigned count) {
    char* const arguments[] = {"/init", "child", NULL};
    char* const environment[] = {NULL};
    const uint64_t start = read_tsc();
    for (unsigned i = 0; i < count; i++) {
        const pid_t child = fork();
        if (child == 0) {
            execve("/init", arguments, environment);
            _exit(1);
        }
        int status = 1;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 0;
    }
    return read_tsc() - start;
}

int main(int count, char** arguments) {
    const uint64_t started = read_tsc();
    if (count > 1 && strcmp(arguments[1], "child") == 0) return 0;
    printf("bench: linux_to_first_user_instruction %lu 1\n", (unsigned long)started);
    fork_exec(10);
    uint64_t best = 0;
    for (int i = 0; i < 5; i++) {
        const uint64_t cost = fork_exec(20);
        if (cost == 0) {
            printf("bench: linux_fork_exec_wait n/a fork or exec failed\n");
            break;
        }
        if (best == 0 || cost < best) best = cost;
    }
    if (best != 0) printf("bench: linux_fork_exec_wait %lu 20\n", (unsigned long)best);
    printf("bench: done\n");
    fflush(stdout);
    reboot(RB_AUTOBOOT);
    return 0;
}
