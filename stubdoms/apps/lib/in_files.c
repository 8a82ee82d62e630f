// SPDX-License-Identifier: MIT
// For programs that read and write files beside them: copies /files, which is read-only, to /tmp and starts there. The program is compiled with
// -Dmain=program_main.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int program_main(int count, char** arguments);

static void copy_file(const char* from, const char* to) {
    static char buffer[65536];
    const int source = open(from, O_RDONLY), target = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ssize_t size = source < 0 || target < 0 ? -1 : 1;
    while (size > 0 && (size = read(source, buffer, sizeof buffer)) > 0)
        if (write(target, buffer, (size_t)size) != size) size = -1;
    if (size < 0) {
        perror(from);
        exit(1);
    }
    close(source);
    close(target);
}

static void copy_folder(const char* from, const char* to) {
    DIR* folder = opendir(from);
    if (folder == NULL) return; // no files, or a link to nowhere
    mkdir(to, 0755);
    for (struct dirent* entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.') continue;
        char source[512], target[512];
        struct stat status;
        snprintf(source, sizeof source, "%s/%s", from, entry->d_name);
        snprintf(target, sizeof target, "%s/%s", to, entry->d_name);
        if (stat(source, &status) != 0) continue;
        if (S_ISDIR(status.st_mode)) copy_folder(source, target);
        else copy_file(source, target);
    }
    closedir(folder);
}

#undef main
int main(int count, char** arguments) {
    copy_folder("/files", "/tmp");
    return chdir("/tmp") != 0 ? 1 : program_main(count, arguments);
}
