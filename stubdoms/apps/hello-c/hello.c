// SPDX-License-Identifier: MIT
// A C program as a domain: arguments, environment, formatted output, the heap, and what cannot work failing as it should.
//   hello-c [ask] [exit=STATUS]     ask: reads a name from the console
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void ask(void) {
    char name[64];
    printf("What is your name? ");
    fflush(stdout);
    if (fgets(name, sizeof name, stdin) == NULL) return;
    name[strcspn(name, "\n")] = 0;
    printf("Hello, %s!\n", name);
}

int main(int argc, char** argv) {
    const char* greeting = getenv("GREETING");
    printf("%s from C, %d argument%s\n", greeting != NULL ? greeting : "Hello", argc - 1, argc == 2 ? "" : "s");
    int status = 0;
    for (int i = 1; i < argc; i++) {
        printf("argument %d: %s\n", i, argv[i]);
        if (strcmp(argv[i], "ask") == 0) ask();
        if (strncmp(argv[i], "exit=", 5) == 0) status = atoi(argv[i] + 5);
    }
    printf("pi is about %.10f, a third of a million %g\n", 3.14159265358979, 1e6 / 3);

    // A big block costs nothing until it is used.
    const size_t size = 4 << 20;
    char* block = calloc(1, size);
    if (block == NULL) perror("calloc");
    printf("4 MiB of zeros: %s\n", block != NULL && block[size - 1] == 0 ? "ok" : "FAILED");
    free(block);

    printf("standard input is a %s\n", isatty(STDIN_FILENO) ? "terminal" : "pipe");
    errno = 0;
    const pid_t child = fork();
    printf("fork: %d, %s\n", (int)child, strerror(errno));
    errno = 0;
    printf("/etc/passwd: %s\n", fopen("/etc/passwd", "r") == NULL ? strerror(errno) : "is there");
    return status;
}
