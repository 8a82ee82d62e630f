// SPDX-License-Identifier: MIT
//   make run APP=http-server FILES=DIRECTORY ARGS="[PORTS [THREADS]]"
// Serves the directory by HTTP until the domain is ended.
#include "server.h"

#include <stdio.h>
#include <unistd.h>

int main(int count, char** arguments) {
    const char* ports = count > 1 ? arguments[1] : "80";
    if (start_server(ports, count > 2 ? arguments[2] : "8") == NULL) return 1;
    printf("http-server: serving /files on port %s\n", ports);
    for (;;) sleep(3600);
}
