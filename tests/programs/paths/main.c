// SPDX-License-Identifier: MIT
// Paths from an open directory, real paths, walks, temporary files, attributes by descriptor, and what a file system says of itself.
#include "tests/programs/lib/check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <unistd.h>
#include <utime.h>

#define FAILS_WITH(call, number) check(#call " fails with " #number, (errno = 0, (call) == -1 && errno == number))

static int is_there(const char* path) { return access(path, F_OK) == 0; }

static void from_a_directory(void) {
    struct stat status;
    char content[20] = "";
    CHECK(mkdir("/a", 0777) == 0 && mkdir("/a/b", 0777) == 0);
    const int a = open("/a", O_RDONLY | O_DIRECTORY);
    int file = openat(a, "b/file", O_CREAT | O_WRONLY, 0640);
    CHECK(file >= 0 && write(file, "x", 1) == 1 && is_there("/a/b/file") && fstatat(a, "b/file", &status, 0) == 0 && status.st_size == 1);
    CHECK(mkdirat(a, "c", 0700) == 0 && is_there("/a/c") && faccessat(a, "c", W_OK, 0) == 0);
    CHECK(symlinkat("b/file", a, "link") == 0 && readlinkat(a, "link", content, sizeof content) == 6 && strcmp(content, "b/file") == 0);
    CHECK(fstatat(a, "link", &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode) && fstatat(a, "link", &status, 0) == 0 && S_ISREG(status.st_mode));
    CHECK(renameat(a, "link", a, "c/moved") == 0 && unlinkat(a, "c/moved", 0) == 0 && unlinkat(a, "c", AT_REMOVEDIR) == 0 && !is_there("/a/c"));
    CHECK(rename("/a", "/renamed") == 0 && fstatat(a, "b/file", &status, 0) == 0); // the descriptor goes with the directory
    CHECK(fstatat(a, "../renamed/b", &status, 0) == 0 && fstatat(a, "/renamed", &status, 0) == 0);
    CHECK(fchdir(a) == 0 && is_there("b/file") && chdir("/") == 0);
    FAILS_WITH(openat(file, "x", O_RDONLY), ENOTDIR);
    FAILS_WITH(openat(900, "x", O_RDONLY), EBADF);
    FAILS_WITH(openat(a, "none", O_RDONLY), ENOENT);
    FAILS_WITH(openat(a, "", O_RDONLY), ENOENT);
    FAILS_WITH(fchdir(file), ENOTDIR);
    FAILS_WITH(linkat(a, "b/file", a, "twin", 0), EPERM);
    FAILS_WITH(unlinkat(a, "b", 77), EINVAL);
    FAILS_WITH(faccessat(a, "b", 77, 0), EINVAL);
    CHECK(fchmod(file, 0600) == 0 && fstat(file, &status) == 0 && (status.st_mode & 0777) == 0600);
    CHECK(fchmodat(a, "b/file", 0644, 0) == 0 && chown("/renamed", 0, (gid_t)-1) == 0 && fchown(file, 0, 0) == 0 && lchown("/renamed", 0, 0) == 0);
    FAILS_WITH(chown("/renamed", 5, 5), EINVAL);
    FAILS_WITH(chown("/none", 0, 0), ENOENT);
    const struct timespec at[2] = {{10, 0}, {20, 0}};
    CHECK(futimens(file, at) == 0 && fstat(file, &status) == 0 && status.st_mtime == 20);
    CHECK(utimensat(a, "b/file", (struct timespec[2]){{1, 0}, {2, 0}}, 0) == 0 && fstat(file, &status) == 0 && status.st_mtime == 2);
    CHECK(utimes("/renamed/b/file", (struct timeval[2]){{30, 0}, {40, 5}}) == 0 && fstat(file, &status) == 0 && status.st_mtim.tv_nsec == 5000);
    CHECK(utime("/renamed/b/file", &(struct utimbuf){50, 60}) == 0 && fstat(file, &status) == 0 && status.st_mtime == 60);
    CHECK(unlink("/renamed/b/file") == 0 && rmdir("/renamed/b") == 0 && rmdir("/renamed") == 0);
    FAILS_WITH(openat(a, "x", O_CREAT | O_WRONLY, 0600), ENOENT);
    CHECK(fchmod(file, 0666) == 0);
    FAILS_WITH(futimens(file, at), ENOENT);
    FAILS_WITH(fchmod(0, 0600), EINVAL);
    close(file);
    close(a);
}

/// A '/' at the end of a path means a directory, or a link to one.
static void ending_in_a_slash(void) {
    struct stat status;
    char buffer[10];
    close(creat("/plain", 0644));
    CHECK(mkdir("/place/", 0755) == 0 && symlink("place", "/to-place") == 0 && symlink("plain", "/to-plain") == 0);
    FAILS_WITH(stat("/plain/", &status), ENOTDIR);
    FAILS_WITH(lstat("/to-plain/", &status), ENOTDIR);
    FAILS_WITH(access("/plain/", F_OK), ENOTDIR);
    FAILS_WITH(open("/plain/", O_RDONLY), ENOTDIR);
    FAILS_WITH(chmod("/plain/", 0600), ENOTDIR);
    FAILS_WITH(utime("/plain/", NULL), ENOTDIR);
    FAILS_WITH(truncate("/plain/", 0), ENOTDIR);
    FAILS_WITH(readlink("/to-plain/", buffer, sizeof buffer), ENOTDIR);
    FAILS_WITH(readlink("/to-place/", buffer, sizeof buffer), EINVAL);
    FAILS_WITH(unlink("/plain/"), ENOTDIR);
    FAILS_WITH(unlink("/to-place/"), ENOTDIR);
    FAILS_WITH(rmdir("/to-place/"), ENOTDIR);
    FAILS_WITH(rename("/plain", "/other/"), ENOTDIR);
    FAILS_WITH(rename("/plain/", "/other"), ENOTDIR);
    FAILS_WITH(symlink("plain", "/other/"), ENOENT);
    CHECK(lstat("/to-place", &status) == 0 && S_ISLNK(status.st_mode) && lstat("/to-place/", &status) == 0 && S_ISDIR(status.st_mode));
    CHECK(is_there("/plain") && !is_there("/other") && rename("/place/", "/other/") == 0 && is_there("/other"));
    FAILS_WITH(rmdir("/other/."), EINVAL); // nor does a name of dots say what to remove
    FAILS_WITH(rmdir("/other/../"), EINVAL);
    FAILS_WITH(rename("/other/.", "/place"), EINVAL);
    FAILS_WITH(rename("/plain", ".."), EINVAL);
    CHECK(rmdir("/other/") == 0 && unlink("/to-place") == 0 && unlink("/to-plain") == 0 && unlink("/plain") == 0);
}

static int real_is(const char* path, const char* real) {
    char buffer[PATH_MAX];
    return realpath(path, buffer) == buffer && strcmp(buffer, real) == 0;
}

static void real_paths(void) {
    mkdir("/r", 0777);
    mkdir("/r/d", 0777);
    symlink("d", "/r/to-d");
    symlink("/r/to-d", "/r/twice");
    symlink("round", "/r/round");
    close(creat("/r/d/f", 0666));
    CHECK(real_is("/r/./twice//../to-d/f", "/r/d/f") && real_is("/", "/") && real_is("/r/twice", "/r/d") && chdir("/r/d") == 0 && real_is("f", "/r/d/f"));
    chdir("/");
    char* allocated = realpath("/r/to-d", NULL);
    CHECK(allocated != NULL && strcmp(allocated, "/r/d") == 0);
    free(allocated);
    CHECK(realpath("/r/none", NULL) == NULL && errno == ENOENT);
    CHECK(realpath("/r/round", NULL) == NULL && errno == ELOOP);
    CHECK(realpath("/r/d/f/x", NULL) == NULL && errno == ENOTDIR);
    CHECK(realpath("", NULL) == NULL && errno == ENOENT);
}

static char trace[200];
static int note(const char* path, const struct stat* status, int type, struct FTW* place) {
    sprintf(trace + strlen(trace), "%d%d:%s ", type, place->level, path + place->base);
    return status == NULL;
}
static int note_plain(const char* path, const struct stat* status, int type) {
    (void)status;
    sprintf(trace + strlen(trace), "%d%s ", type, path);
    return strcmp(path, "/r/d") == 0 ? 7 : 0;
}
static int no_dots(const struct dirent* entry) { return entry->d_name[0] != '.'; }

static void walks(void) {
    unlink("/r/twice");
    CHECK(nftw("/r", note, 5, FTW_PHYS) == 0 && strcmp(trace, "10:r 11:d 02:f 41:to-d 41:round ") == 0);
    trace[0] = 0;
    CHECK(nftw("/r", note, 5, FTW_PHYS | FTW_DEPTH) == 0 && strcmp(trace, "02:f 51:d 41:to-d 41:round 50:r ") == 0);
    trace[0] = 0;
    CHECK(ftw("/r", note_plain, 5) == 7 && strcmp(trace, "1/r 1/r/d ") == 0);
    FAILS_WITH(nftw("/none", note, 5, 0), ENOENT);
    FAILS_WITH(nftw("/r", note, 5, FTW_CHDIR), ENOTSUP);
    struct dirent** entries;
    const int count = scandir("/r", &entries, no_dots, alphasort);
    CHECK(count == 3 && strcmp(entries[0]->d_name, "d") == 0 && strcmp(entries[2]->d_name, "to-d") == 0);
    for (int i = 0; i < count; i++) free(entries[i]);
    if (count >= 0) free(entries);
    FAILS_WITH(scandir("/none", &entries, NULL, NULL), ENOENT);
}

static void temporary_files(void) {
    char name[] = "/tmp/file.XXXXXX", other[] = "/tmp/file.XXXXXX", directory[] = "/tmp/directory.XXXXXX";
    struct stat status;
    const int file = mkstemp(name), another = mkstemp(other);
    CHECK(file >= 0 && another >= 0 && strcmp(name, other) != 0 && write(file, "x", 1) == 1 && stat(name, &status) == 0 && (status.st_mode & 0777) == 0600);
    CHECK(mkdtemp(directory) == directory && stat(directory, &status) == 0 && S_ISDIR(status.st_mode));
    close(file);
    close(another);
}

static void file_systems(void) {
    struct statvfs all;
    const int file = open("/r/d/f", O_RDONLY);
    CHECK(statvfs("/", &all) == 0 && all.f_bsize == 4096 && all.f_blocks > all.f_bfree && all.f_bfree > 0 && (all.f_flag & ST_RDONLY) == 0);
    CHECK(fstatvfs(file, &all) == 0 && all.f_namemax == NAME_MAX);
    FAILS_WITH(statvfs("/none", &all), ENOENT);
    FAILS_WITH(fstatvfs(900, &all), EBADF);
    FAILS_WITH(fstatvfs(0, &all), ENOSYS);
    CHECK(pathconf("/", _PC_NAME_MAX) == NAME_MAX && fpathconf(file, _PC_PATH_MAX) == PATH_MAX);
    FAILS_WITH(pathconf("/none", _PC_NAME_MAX), ENOENT);
    FAILS_WITH(fpathconf(900, _PC_NAME_MAX), EBADF);
    FAILS_WITH(fpathconf(file, 12345), EINVAL);
    close(file);
}

int main(void) {
    from_a_directory();
    ending_in_a_slash();
    real_paths();
    walks();
    temporary_files();
    file_systems();
    return checks_done();
}
