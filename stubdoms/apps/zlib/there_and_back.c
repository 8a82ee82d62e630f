// SPDX-License-Identifier: MIT
// minigzip on files in memory: it packs and unpacks files of several kinds, every byte of which has to come back, and unpacks what the host's
// gzip packed (/files/NAME.gz, with the plain /files/NAME beside it). Says "zlib: N files there and back". Compiled with -Dmain=minigzip_main,
// which is minigzip's main here, so ours has another way in.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

int minigzip_main(int count, char** arguments);

static void require(int good, const char* what, const char* name) {
    if (good) return;
    printf("zlib: FAILED: %s: %s\n", name, what);
    exit(1);
}

static unsigned char* read_all(const char* name, size_t* size) {
    FILE* file = fopen(name, "rb");
    require(file != NULL, "cannot be opened", name);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char* bytes = malloc(*size + 1);
    require(bytes != NULL && fread(bytes, 1, *size, file) == *size, "cannot be read", name);
    fclose(file);
    return bytes;
}

static void write_all(const char* name, const unsigned char* bytes, size_t size) {
    FILE* file = fopen(name, "wb");
    require(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0, "cannot be written", name);
}

static void minigzip(char* option, char* name) {
    char program[] = "minigzip";
    char* arguments[] = {program, option, name, NULL};
    require(minigzip_main(3, arguments) == 0, option, name);
}

/// Packs and unpacks `size` bytes; the packed file is at most `most` bytes and its checksum is that of the bytes.
static void there_and_back(const char* what, char* level, const unsigned char* bytes, size_t size, size_t most) {
    char name[] = "/tmp/file", packed_name[] = "/tmp/file.gz", option[] = "-d";
    write_all(name, bytes, size);
    minigzip(level, name);
    require(access(name, F_OK) != 0, "still there after packing", what);
    size_t packed_size, back_size;
    unsigned char* packed = read_all(packed_name, &packed_size);
    require(packed_size >= 20 && packed_size <= most && packed[0] == 0x1f && packed[1] == 0x8b, "packed wrongly", what);
    unsigned checksum;
    memcpy(&checksum, packed + packed_size - 8, 4);
    require(checksum == crc32(crc32(0, NULL, 0), bytes, (uInt)size), "checksum", what);
    minigzip(option, packed_name);
    require(access(packed_name, F_OK) != 0, "still there after unpacking", what);
    unsigned char* back = read_all(name, &back_size);
    require(back_size == size && memcmp(back, bytes, size) == 0, "came back different", what);
    free(packed);
    free(back);
}

static void from_the_host(char* packed_name, const char* plain_name) {
    size_t size, plain_size;
    unsigned char* packed = read_all(packed_name, &size);
    char copy[] = "/tmp/host.gz", option[] = "-d";
    write_all(copy, packed, size);
    minigzip(option, copy);
    unsigned char* unpacked = read_all("/tmp/host", &size);
    unsigned char* plain = read_all(plain_name, &plain_size);
    require(size == plain_size && memcmp(unpacked, plain, size) == 0, "unpacked differently", packed_name);
}

#undef main
int main(int count, char** arguments) {
    enum { size = 1000 * 1000 };
    unsigned char* bytes = malloc(size);
    require(bytes != NULL, "no memory", "bytes");
    int files = 0;
    char fast[] = "-1", best[] = "-9", huffman[] = "-h";

    there_and_back("empty", best, bytes, 0, 20), ++files;
    memset(bytes, 0, size);
    there_and_back("zeros", fast, bytes, size, size / 100), ++files;
    for (size_t i = 0, line = 0; i + 40 < size; ++line) i += (size_t)sprintf((char*)bytes + i, "line %zu of a long text\n", line);
    there_and_back("text", fast, bytes, size, size / 3), ++files;
    there_and_back("text, best", best, bytes, size, size / 4), ++files;
    there_and_back("text, Huffman only", huffman, bytes, size, size * 3 / 4), ++files;
    unsigned noise = 1;
    for (size_t i = 0; i < size; ++i) bytes[i] = (unsigned char)((noise = noise * 1664525 + 1013904223) >> 24);
    there_and_back("noise", best, bytes, size, size + size / 100), ++files;
    if (count > 2) from_the_host(arguments[1], arguments[2]), ++files;
    printf("zlib: %d files there and back\n", files);
    return 0;
}
