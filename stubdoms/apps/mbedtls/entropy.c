// SPDX-License-Identifier: MIT
// mbedTLS's source of entropy.
#include <mbedtls/entropy.h>
#include <mbedtls/entropy_poll.h>

#include <unistd.h>

int mbedtls_hardware_poll(void* data, unsigned char* output, size_t length, size_t* written) {
    (void)data;
    const size_t size = length < 256 ? length : 256;
    if (getentropy(output, size) != 0) return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
    *written = size;
    return 0;
}
