// SPDX-License-Identifier: MIT
// Runs many test programs in one domain. Each was compiled with a main of its own, which build-suite has renamed and whose calls of exit it has
// led here; a test that aborts, or exits with another status than 0, has failed, and the next one runs. Each starts in a fresh folder with the
// files of /files in it. Prints for each "conformance begins NAME" and "conformance: NAME: ok|FAILED (why)" on a line of its own.
// and at last "conformance ends: N passed, N failed".
//   image [from=N] [only=NAME]
#include "runner.h"

#include <cerrno>
#include <cfenv>
#include <clocale>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cxxabi.h>
#include <dirent.h>
#include <exception>
#include <fcntl.h>
#include <iostream>
#include <locale>
#include <new>
#include <sys/stat.h>
#include <unistd.h>

/// All of a test's frames are on main's stack; deep recursion is among what regular expressions are tested with.
extern "C" const std::size_t minios_main_stack_size = 4 * 1024 * 1024;

namespace {

constexpr const char* folder = "/tmp/conformance";
constexpr int aborted = 256;
std::jmp_buf ending;
volatile int status;

} // namespace

extern "C" [[noreturn]] void conformance_exit(int value) {
    status = value & 0xff;
    std::longjmp(ending, 1);
}
extern "C" [[noreturn]] void conformance__exit(int value) { conformance_exit(value); }
extern "C" [[noreturn]] void conformance__Exit(int value) { conformance_exit(value); }
extern "C" [[noreturn]] void conformance_quick_exit(int value) { conformance_exit(value); }

namespace {

[[noreturn]] void on_abort(int) {
    status = aborted;
    std::longjmp(ending, 1);
}

void remove_all(const char* path) {
    if (DIR* directory = opendir(path)) {
        while (const dirent* entry = readdir(directory)) {
            if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
            char inner[512];
            std::snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
            struct stat about;
            if (lstat(inner, &about) == 0 && S_ISDIR(about.st_mode))
                remove_all(inner);
            else
                unlink(inner);
        }
        closedir(directory);
    }
    rmdir(path);
}

void copy_file(const char* from, const char* to) {
    const int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    static char buffer[16384];
    for (ssize_t size; in >= 0 && out >= 0 && (size = read(in, buffer, sizeof buffer)) > 0;)
        if (write(out, buffer, static_cast<std::size_t>(size)) != size) break;
    if (in >= 0) close(in);
    if (out >= 0) close(out);
}

void prepare_folder() {
    chdir("/");
    remove_all(folder);
    mkdir(folder, 0755);
    chdir(folder);
    DIR* files = opendir("/files");
    if (files == nullptr) return;
    while (const dirent* entry = readdir(files)) {
        char from[300];
        std::snprintf(from, sizeof from, "/files/%s", entry->d_name);
        if (std::strchr(entry->d_name, '.') > entry->d_name) copy_file(from, entry->d_name);
    }
    closedir(files);
}

/// What a test may have left changed for the next one.
void restore_defaults() {
    std::setlocale(LC_ALL, "C");
    std::locale::global(std::locale::classic());
    static const std::terminate_handler first_terminate = std::get_terminate();
    std::set_terminate(first_terminate);
    std::set_new_handler(nullptr);
    std::fesetenv(FE_DFL_ENV);
    for (std::ios* stream :
         {static_cast<std::ios*>(&std::cout), static_cast<std::ios*>(&std::cerr), static_cast<std::ios*>(&std::cin)}) {
        stream->exceptions(std::ios::goodbit);
        stream->clear();
    }
    std::signal(SIGABRT, on_abort);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    unsetenv("TZ");
    // An exception that a test's end by abort left on its way.
    struct Globals {
        void* caught;
        unsigned uncaught;
    };
    *reinterpret_cast<Globals*>(__cxxabiv1::__cxa_get_globals()) = {nullptr, 0};
    errno = 0;
}

bool run(const ConformanceTest& test) {
    std::printf("conformance begins %s\n", test.name);
    std::fflush(stdout);
    prepare_folder();
    restore_defaults();
    char name[] = "test";
    char* words[] = {name, nullptr};
    if (setjmp(ending) == 0) status = test.main(1, words) & 0xff;
    const int result = status;
    std::cout.flush();
    std::fflush(stdout);
    if (result == 0)
        std::printf("\nconformance: %s: ok\n", test.name);
    else
        std::printf("\nconformance: %s: FAILED (%s%.0d)\n", test.name, result == aborted ? "aborted" : "status ",
                    result == aborted ? 0 : result);
    std::fflush(stdout);
    return result == 0;
}

} // namespace

int main(int count, char** words) {
    unsigned passed = 0, failed = 0, from = 0;
    const char* only = nullptr;
    for (int i = 1; i < count; ++i) {
        if (std::strncmp(words[i], "from=", 5) == 0) from = static_cast<unsigned>(std::atoi(words[i] + 5));
        if (std::strncmp(words[i], "only=", 5) == 0) only = words[i] + 5;
    }
    for (unsigned i = from; conformance_tests[i].name != nullptr; ++i) {
        if (only != nullptr && std::strcmp(only, conformance_tests[i].name) != 0) continue;
        ++(run(conformance_tests[i]) ? passed : failed);
    }
    std::printf("conformance ends: %u passed, %u failed\n", passed, failed);
    std::fflush(stdout);
    _exit(0); // without the destructors of the tests' variables
}
