// SPDX-License-Identifier: MIT
// Mapped files: shared ones are the file, private ones are a copy on write, whatever happens to the file meanwhile.
#include "tests/programs/lib/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAP_FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == MAP_FAILED && errno == number))

enum { page = 4096 };
static const int both = PROT_READ | PROT_WRITE;

static int file_with(const char* path, const char* content) {
    const int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    write(file, content, strlen(content));
    return file;
}

static int file_says(int file, off_t at, const char* text) {
    char buffer[64] = "";
    return pread(file, buffer, strlen(text), at) == (ssize_t)strlen(text) && strcmp(buffer, text) == 0;
}

static void shared(void) {
    const int file = file_with("/tmp/shared", "hello, file");
    char* one = mmap(NULL, page, both, MAP_SHARED, file, 0);
    char* two = mmap(NULL, page, PROT_READ, MAP_SHARED, file, 0);
    CHECK(one != MAP_FAILED && two != MAP_FAILED && one != two && memcmp(one, "hello, file", 11) == 0);
    check("the rest of the page is zero", one[11] == 0 && one[page - 1] == 0);
    memcpy(one, "HELLO", 5);
    CHECK(memcmp(two, "HELLO, file", 11) == 0 && file_says(file, 0, "HELLO, file"));
    CHECK(pwrite(file, "FILE", 4, 7) == 4 && memcmp(one, "HELLO, FILE", 11) == 0);

    // The file grows: what a mapping wrote behind its end does not become part of it.
    one[20] = 'x';
    CHECK(ftruncate(file, 3 * page) == 0 && one[20] == 0);
    char* later = mmap(NULL, page, both, MAP_SHARED, file, 2 * page);
    later[5] = 'l';
    CHECK(file_says(file, 2 * page + 5, "l"));
    // Long enough to move, were it not mapped.
    CHECK(ftruncate(file, 4 << 20) == 0 && memcmp(one, "HELLO", 5) == 0 && (one[1] = 'A', file_says(file, 0, "HALLO")));
    // Shorter, and long again: the pages in between are new.
    CHECK(ftruncate(file, 100) == 0 && ftruncate(file, 3 * page) == 0 && later[5] == 0 && one[1] == 'A');

    CHECK(close(file) == 0 && unlink("/tmp/shared") == 0 && one[1] == 'A'); // it lives as long as it is mapped
    CHECK(munmap(one, page) == 0 && memcmp(two, "HALLO", 5) == 0 && munmap(two, page) == 0 && munmap(later, page) == 0);
}

static void private(void) {
    const int file = file_with("/tmp/private", "mine or yours?");
    char* mine = mmap(NULL, 2 * page, both, MAP_PRIVATE, file, 0);
    char* other = mmap(NULL, page, both, MAP_PRIVATE, file, 0);
    CHECK(mine != MAP_FAILED && memcmp(mine, "mine", 4) == 0 && memcmp(other, "mine", 4) == 0);
    memcpy(mine, "MINE", 4);
    CHECK(memcmp(mine, "MINE or yours?", 14) == 0 && file_says(file, 0, "mine or") && memcmp(other, "mine", 4) == 0);
    CHECK(pwrite(file, "ours", 4, 0) == 4 && memcmp(mine, "MINE", 4) == 0);
    CHECK(madvise(mine, page, MADV_DONTNEED) == 0 && memcmp(mine, "ours", 4) == 0);
    const int reader = open("/tmp/private", O_RDONLY);
    char* read_only = mmap(NULL, page, PROT_READ, MAP_PRIVATE, reader, 0);
    CHECK(mprotect(read_only, page, both) == 0 && (read_only[0] = 'O', file_says(file, 0, "ours")));
    CHECK(close(reader) == 0 && munmap(read_only, page) == 0 && munmap(other, page) == 0);
    CHECK(munmap(mine, 2 * page) == 0 && close(file) == 0 && unlink("/tmp/private") == 0);
}

static void times(void) {
    const int file = file_with("/tmp/times", "tick");
    const struct timespec old[2] = {{1000, 0}, {1000, 0}};
    struct stat status;
    char* mapped = mmap(NULL, page, both, MAP_SHARED, file, 0);
    CHECK(utimensat(AT_FDCWD, "/tmp/times", old, 0) == 0 && mapped[0] == 't' && msync(mapped, page, MS_SYNC) == 0);
    CHECK(fstat(file, &status) == 0 && status.st_mtime == 1000); // it was only read
    mapped[0] = 'T';
    CHECK(msync(mapped, page, MS_ASYNC) == 0 && fstat(file, &status) == 0 && status.st_mtime > 1000);
    CHECK(utimensat(AT_FDCWD, "/tmp/times", old, 0) == 0);
    mapped[0] = 't';
    CHECK(munmap(mapped, page) == 0 && fstat(file, &status) == 0 && status.st_mtime > 1000);
    close(file);
}

/// A file larger than the domain's memory, of which little is used.
static void sparse(void) {
    const off_t size = (off_t)8 << 20;
    const int file = open("/tmp/sparse", O_RDWR | O_CREAT, 0600);
    CHECK(ftruncate(file, size) == 0);
    const long before = sysconf(_SC_AVPHYS_PAGES);
    char* mapped = mmap(NULL, (size_t)size, both, MAP_SHARED, file, 0);
    int good = mapped != MAP_FAILED;
    for (off_t at = 0; good && at < size; at += 1 << 20) mapped[at] = (char)(at >> 20);
    for (off_t at = 0; good && at < size; at += 1 << 20) good = file_says(file, at + 1, "") && mapped[at] == (char)(at >> 20);
    check("every mebibyte of 8", good);
    CHECK(before - sysconf(_SC_AVPHYS_PAGES) < 16);
    CHECK(munmap(mapped, (size_t)size) == 0 && ftruncate(file, 0) == 0);
    CHECK(sysconf(_SC_AVPHYS_PAGES) > before + 1000); // it gave its memory back
    close(file);
}

static void refusals(void) {
    const int file = file_with("/tmp/refused", "x"), reader = open("/tmp/refused", O_RDONLY), writer = open("/tmp/refused", O_WRONLY);
    int ends[2];
    CHECK(pipe(ends) == 0);
    MAP_FAILS_WITH(mmap(NULL, page, PROT_READ, MAP_PRIVATE, 77, 0), EBADF);
    MAP_FAILS_WITH(mmap(NULL, page, PROT_READ, MAP_PRIVATE, 1, 0), ENODEV);
    MAP_FAILS_WITH(mmap(NULL, page, PROT_READ, MAP_PRIVATE, ends[0], 0), ENODEV);
    MAP_FAILS_WITH(mmap(NULL, page, PROT_READ, MAP_PRIVATE, writer, 0), EACCES);
    MAP_FAILS_WITH(mmap(NULL, page, both, MAP_SHARED, reader, 0), EACCES);
    MAP_FAILS_WITH(mmap(NULL, page, PROT_READ, MAP_PRIVATE, file, 100), EINVAL);
    MAP_FAILS_WITH(mmap(NULL, page, PROT_READ, MAP_PRIVATE, file, INT64_MAX - page + 1), EOVERFLOW);
    char* shared = mmap(NULL, page, PROT_READ, MAP_SHARED, reader, 0);
    check("a shared mapping of what cannot be written stays so", mprotect(shared, page, both) == -1 && errno == EACCES);
    munmap(shared, page);
    const int directory = open("/tmp", O_RDONLY);
    MAP_FAILS_WITH(mmap(NULL, page, PROT_READ, MAP_PRIVATE, directory, 0), ENODEV);
}

int main(void) {
    shared();
    private();
    times();
    sparse();
    refusals();
    return checks_done();
}
