// SPDX-License-Identifier: MIT
#include "measure.h"

#include <fcntl.h>
#include <unistd.h>

static char block[4096];

static uint64_t write_blocks(unsigned count) {
    const int file = open("/tmp/blocks", O_RDWR | O_CREAT | O_TRUNC, 0600);
    const uint64_t start = read_tsc();
    for (unsigned i = 0; i < count; ++i)
        if (write(file, block, sizeof block) != sizeof block) return 0;
    const uint64_t cost = read_tsc() - start;
    close(file);
    return cost;
}

static uint64_t read_blocks(unsigned count) {
    const int file = open("/tmp/blocks", O_RDONLY);
    const uint64_t start = read_tsc();
    for (unsigned i = 0; i < count; ++i)
        if (read(file, block, sizeof block) != sizeof block) return 0;
    const uint64_t cost = read_tsc() - start;
    close(file);
    return cost;
}

static uint64_t open_close(unsigned count) {
    const uint64_t start = read_tsc();
    for (unsigned i = 0; i < count; ++i) {
        const int file = open("/tmp/blocks", O_RDONLY);
        if (file < 0) return 0;
        close(file);
    }
    return read_tsc() - start;
}

void measure_files(void) {
    measure("file_write_4k", write_blocks, 256);
    measure("file_read_4k", read_blocks, 256);
    measure("file_open_close", open_close, 500);
    unlink("/tmp/blocks");
}
