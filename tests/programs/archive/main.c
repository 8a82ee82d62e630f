// SPDX-License-Identifier: MIT
// The read-only tree at /files, from a boot module that programs_test makes: greeting, folder/inner,
// folder/link -> ../greeting. programs_test runs it with a cpio and, with the argument "twin", with a tar archive, which also has folder/twin, a hard
// link to greeting.
#include "tests/programs/lib/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == -1 && errno == number))

static int first_line_is(const char* path, const char* line) {
    char buffer[100] = "";
    FILE* file = fopen(path, "r");
    if (file == NULL || fgets(buffer, sizeof buffer, file) == NULL) return 0;
    fclose(file);
    return strcmp(buffer, line) == 0;
}

static void mapped(void) {
    const int file = open("/files/greeting", O_RDONLY);
    char* copy = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    const char* shared = mmap(NULL, 4096, PROT_READ, MAP_SHARED, file, 0);
    CHECK(copy != MAP_FAILED && shared != MAP_FAILED && memcmp(copy, "hello from the archive\n\0", 24) == 0 && copy[4095] == 0);
    copy[0] = 'H';
    CHECK(memcmp(copy, "Hello", 5) == 0 && memcmp(shared, "hello from the archive\n\0", 24) == 0);
    CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED && errno == EACCES);
    FAILS_WITH(mprotect((void*)shared, 4096, PROT_READ | PROT_WRITE), EACCES);
    CHECK(close(file) == 0 && memcmp(shared, "hello", 5) == 0 && munmap(copy, 4096) == 0 && munmap((void*)shared, 4096) == 0);
}

int main(int argc, char** argv) {
    struct stat status;
    CHECK(first_line_is("/files/greeting", "hello from the archive\n"));
    CHECK(first_line_is("/files/folder/inner", "inner\n"));
    CHECK(first_line_is("/files/folder/link", "hello from the archive\n"));
    CHECK(lstat("/files/folder/link", &status) == 0 && S_ISLNK(status.st_mode));
    CHECK(stat("/files/greeting", &status) == 0 && status.st_size == 23 && (status.st_mode & 0777) == 0640 && status.st_mtime == 1000000000);
    if (argc > 1 && strcmp(argv[1], "twin") == 0) CHECK(first_line_is("/files/folder/twin", "hello from the archive\n"));
    FAILS_WITH(open("/files/greeting", O_RDWR), EROFS);
    FAILS_WITH(open("/files/new", O_WRONLY | O_CREAT, 0666), EROFS);
    FAILS_WITH(unlink("/files/greeting"), EROFS);
    FAILS_WITH(mkdir("/files/new", 0777), EROFS);
    FAILS_WITH(rmdir("/files/folder"), EROFS);
    FAILS_WITH(rename("/files/greeting", "/files/other"), EROFS);
    FAILS_WITH(rename("/files/greeting", "/tmp/other"), EXDEV);
    FAILS_WITH(chmod("/files/greeting", 0777), EROFS);
    FAILS_WITH(symlink("a", "/files/b"), EROFS);
    FAILS_WITH(truncate("/files/greeting", 0), EROFS);
    mapped();
    DIR* top = opendir("/");
    int seen = 0;
    for (struct dirent* entry; top != NULL && (entry = readdir(top)) != NULL;) seen += strcmp(entry->d_name, "files") == 0;
    CHECK(seen == 1 && closedir(top) == 0);
    return checks_done();
}
