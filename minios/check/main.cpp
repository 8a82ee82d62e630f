// SPDX-License-Identifier: MIT
#include <minios/minios.h>

using namespace minios;

int main(int argc, char** argv) {
    print("%s: %lu pages, %lu frames free, %d arguments\n", argv[0], total_pages(), frames::free_count(), argc - 1);
    return 0;
}
