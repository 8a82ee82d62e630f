// SPDX-License-Identifier: MIT
// The tree in memory at "/": files, directories, symbolic links, renaming and removing, and the errno of what is refused.
#include "tests/programs/lib/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == -1 && errno == number))

static int made(const char* path, const char* content) {
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    const size_t size = strlen(content);
    return file >= 0 && write(file, content, size) == (ssize_t)size && close(file) == 0;
}

static int holds(const char* path, const char* content) {
    char buffer[200] = "";
    const int file = open(path, O_RDONLY);
    const ssize_t size = file >= 0 ? read(file, buffer, sizeof buffer - 1) : -1;
    close(file);
    return size == (ssize_t)strlen(content) && memcmp(buffer, content, strlen(content)) == 0;
}

static void contents(void) {
    char buffer[16];
    CHECK(made("/tmp/a", "hello") && holds("/tmp/a", "hello"));
    const int file = open("/tmp/a", O_RDWR | O_APPEND);
    CHECK(write(file, " world", 6) == 6 && lseek(file, 0, SEEK_END) == 11 && holds("/tmp/a", "hello world"));
    CHECK(pread(file, buffer, 5, 6) == 5 && memcmp(buffer, "world", 5) == 0);
    CHECK(ftruncate(file, 3) == 0 && holds("/tmp/a", "hel"));
    CHECK(ftruncate(file, 5) == 0 && pread(file, buffer, 9, 0) == 5 && memcmp(buffer, "hel\0\0", 5) == 0);
    CHECK(truncate("/tmp/a", 1) == 0 && holds("/tmp/a", "h"));
    FAILS_WITH(lseek(file, -1, SEEK_SET), EINVAL);
    close(file);
    FAILS_WITH(open("/tmp/a", O_CREAT | O_EXCL | O_RDWR, 0666), EEXIST);
    FAILS_WITH(open("/tmp/none", O_RDONLY), ENOENT);
    FAILS_WITH(open("/tmp/a/below", O_RDONLY), ENOTDIR);
    FAILS_WITH(open("/tmp", O_WRONLY), EISDIR);
    FAILS_WITH(open("/tmp/a", O_RDONLY | O_DIRECTORY), ENOTDIR);
    const int both = open("/tmp/a", O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC);
    CHECK(pwrite(both, "J", 1, 0) == 1 && holds("/tmp/a", "J") && write(both, "k", 1) == 1 && holds("/tmp/a", "Jk")); // where it is told to
    CHECK(fcntl(both, F_GETFL) == (O_RDWR | O_APPEND)); // what opening it took is no status
    close(both);
    const int reader = open("/tmp/a", O_RDONLY);
    FAILS_WITH(write(reader, "x", 1), EBADF);
    close(reader);
}

/// What was never written is zero; what can never fit is refused.
static void holes(void) {
    const off_t far = (off_t)2 << 20;
    char byte = 1;
    const int file = open("/tmp/hole", O_RDWR | O_CREAT, 0600);
    CHECK(pwrite(file, "x", 1, far) == 1 && pread(file, &byte, 1, far - 1) == 1 && byte == 0);
    struct stat status;
    CHECK(fstat(file, &status) == 0 && status.st_size == far + 1 && S_ISREG(status.st_mode) && (status.st_mode & 0777) == 0600);
    close(file);
    CHECK(unlink("/tmp/hole") == 0);
    const int large = open("/tmp/large", O_RDWR | O_CREAT, 0600);
    FAILS_WITH(ftruncate(large, (off_t)1 << 40), ENOSPC);
    close(large);
    unlink("/tmp/large");
}

static void streams(void) {
    FILE* file = fopen("/tmp/lines", "w+");
    for (int i = 0; i < 1000; i++) fprintf(file, "line %d\n", i);
    rewind(file);
    char line[32];
    int good = 1;
    for (int i = 0; i < 1000; i++) good = good && fgets(line, sizeof line, file) != NULL && atoi(line + 5) == i;
    CHECK(good && fgets(line, sizeof line, file) == NULL && feof(file));
    CHECK(fclose(file) == 0 && remove("/tmp/lines") == 0);
    file = tmpfile();
    CHECK(file != NULL && fputs("temporary", file) >= 0 && fclose(file) == 0);
}

static void directories(void) {
    CHECK(mkdir("/d", 0777) == 0 && mkdir("/d/e", 0777) == 0 && made("/d/e/f", "f") && chdir("/d/e") == 0 && holds("f", "f"));
    CHECK(holds("../e/./f", "f") && chdir("/") == 0);
    FAILS_WITH(mkdir("/d", 0777), EEXIST);
    FAILS_WITH(mkdir("/none/x", 0777), ENOENT);
    FAILS_WITH(rmdir("/d/e"), ENOTEMPTY);
    FAILS_WITH(rmdir("/d/e/f"), ENOTDIR);
    FAILS_WITH(unlink("/d/e"), EPERM);
    FAILS_WITH(chdir("/d/e/f"), ENOTDIR);
    made("/d/1", "");
    made("/d/2", "");
    char names[100] = "";
    int directories_seen = 0;
    DIR* directory = opendir("/d");
    for (struct dirent* entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
        strcat(strcat(names, entry->d_name), " ");
        directories_seen += entry->d_type == DT_DIR;
        if (strcmp(entry->d_name, "1") == 0) unlink("/d/1"); // removing while reading
    }
    CHECK(strcmp(names, ". .. e 1 2 ") == 0 && directories_seen == 3);
    rewinddir(directory);
    CHECK(strcmp(readdir(directory)->d_name, ".") == 0 && closedir(directory) == 0);
    CHECK(opendir("/d/2") == NULL && errno == ENOTDIR);
    CHECK(opendir("/none") == NULL && errno == ENOENT);
    const int open_directory = open("/d", O_RDONLY);
    char byte;
    FAILS_WITH(read(open_directory, &byte, 1), EISDIR);
    close(open_directory);
}

static void renaming(void) {
    CHECK(made("/d/x", "x") && made("/d/y", "y") && rename("/d/x", "/d/y") == 0 && holds("/d/y", "x"));
    FAILS_WITH(open("/d/x", O_RDONLY), ENOENT);
    CHECK(rename("/d/e", "/e") == 0 && holds("/e/f", "f"));
    mkdir("/e/g", 0777);
    FAILS_WITH(rename("/e", "/e/g/h"), EINVAL);
    FAILS_WITH(rename("/d/y", "/e"), EISDIR);
    FAILS_WITH(rename("/e", "/d/y"), ENOTDIR);
    FAILS_WITH(rename("/none", "/d/z"), ENOENT);
    FAILS_WITH(link("/d/y", "/d/z"), EPERM);
}

static void removed_but_open(void) {
    made("/tmp/gone", "still here");
    const int file = open("/tmp/gone", O_RDONLY);
    CHECK(unlink("/tmp/gone") == 0);
    FAILS_WITH(open("/tmp/gone", O_RDONLY), ENOENT);
    char buffer[10];
    struct stat status;
    CHECK(read(file, buffer, 10) == 10 && memcmp(buffer, "still here", 10) == 0 && fstat(file, &status) == 0 && status.st_nlink == 0);
    close(file);
}

static void symbolic_links(void) {
    char content[20];
    struct stat status;
    CHECK(symlink("../d/y", "/e/link") == 0 && holds("/e/link", "x"));
    CHECK(readlink("/e/link", content, sizeof content) == 6 && memcmp(content, "../d/y", 6) == 0);
    CHECK(lstat("/e/link", &status) == 0 && S_ISLNK(status.st_mode) && stat("/e/link", &status) == 0 && S_ISREG(status.st_mode));
    CHECK(symlink("/e", "/to-e") == 0 && holds("/to-e/f", "f"));
    CHECK(symlink("loop", "/loop") == 0);
    FAILS_WITH(open("/loop", O_RDONLY), ELOOP);
    FAILS_WITH(open("/e/link", O_RDONLY | O_NOFOLLOW), ELOOP);
    FAILS_WITH(readlink("/d/y", content, sizeof content), EINVAL);
    CHECK(unlink("/e/link") == 0 && holds("/d/y", "x"));
}

static void permissions(void) {
    struct stat status;
    CHECK(umask(077) == 022 && made("/tmp/mine", "") && stat("/tmp/mine", &status) == 0 && (status.st_mode & 0777) == 0600);
    CHECK(umask(022) == 077 && chmod("/tmp/mine", 0444) == 0 && stat("/tmp/mine", &status) == 0 && (status.st_mode & 0777) == 0444);
}

static void times(void) {
    struct stat status;
    const struct timespec wanted[2] = {{1000, 5}, {2000, 6}}, only_access[2] = {{3000, 0}, {0, UTIME_OMIT}}, wrong[2] = {{0, 1000000000}, {0, 0}};
    CHECK(made("/tmp/old", "x") && utimensat(AT_FDCWD, "/tmp/old", wanted, 0) == 0 && stat("/tmp/old", &status) == 0);
    CHECK(status.st_atim.tv_sec == 1000 && status.st_mtim.tv_sec == 2000 && status.st_mtim.tv_nsec == 6 && status.st_ctim.tv_sec > 2000);
    CHECK(utimensat(AT_FDCWD, "/tmp/old", only_access, 0) == 0 && stat("/tmp/old", &status) == 0);
    CHECK(status.st_atim.tv_sec == 3000 && status.st_mtim.tv_sec == 2000);
    FAILS_WITH(utimensat(AT_FDCWD, "/tmp/old", wrong, 0), EINVAL);
    CHECK(stat("/tmp/old", &status) == 0 && status.st_mtim.tv_sec == 2000);
    FAILS_WITH(utimensat(3, "old", NULL, 0), EBADF);
    FAILS_WITH(utimensat(AT_FDCWD, "/tmp/nobody", NULL, 0), ENOENT);
    CHECK(utimensat(AT_FDCWD, "/tmp/old", NULL, 0) == 0 && stat("/tmp/old", &status) == 0 && status.st_mtim.tv_sec > 1000000);
}

int main(void) {
    contents();
    holes();
    streams();
    directories();
    renaming();
    removed_but_open();
    symbolic_links();
    permissions();
    times();
    return checks_done();
}
