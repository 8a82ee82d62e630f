// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
    const double number = argc > 1 ? atof(argv[1]) : 0;
    printf("the root of %g is %.6f\n", number, sqrt(number));
    return 0;
}
