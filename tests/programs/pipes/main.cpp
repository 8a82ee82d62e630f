// SPDX-License-Identifier: MIT
// Pipes between threads, with poll; and random numbers.
#include "tests/programs/lib/check.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace {

void stream() {
    constexpr int total = 200000; // many times what a pipe holds
    int ends[2];
    CHECK(pipe(ends) == 0);
    std::thread writer([&] {
        char piece[1000];
        for (int sent = 0; sent < total; sent += sizeof piece) {
            for (size_t i = 0; i < sizeof piece; ++i) piece[i] = static_cast<char>((sent + static_cast<int>(i)) % 251);
            if (write(ends[1], piece, sizeof piece) != sizeof piece) break;
        }
        close(ends[1]);
    });
    int received = 0;
    bool right = true;
    char piece[777];
    for (ssize_t size; (size = read(ends[0], piece, sizeof piece)) > 0;)
        for (ssize_t i = 0; i < size; ++i) right = right && piece[i] == static_cast<char>(received++ % 251);
    writer.join();
    check("200 kB through a pipe, then its end", right && received == total);
    close(ends[0]);
}

void edges() {
    int ends[2];
    char byte = 0;
    CHECK(pipe2(ends, O_NONBLOCK) == 0);
    struct stat status;
    CHECK(fstat(ends[0], &status) == 0 && S_ISFIFO(status.st_mode));
    CHECK(read(ends[0], &byte, 1) == -1 && errno == EAGAIN);
    CHECK(read(ends[1], &byte, 1) == -1 && errno == EBADF);
    CHECK(write(ends[0], &byte, 1) == -1 && errno == EBADF);
    CHECK(lseek(ends[0], 0, SEEK_SET) == -1 && errno == ESPIPE);
    static char much[100000];
    const ssize_t taken = write(ends[1], much, sizeof much);
    CHECK(taken > 0 && taken < static_cast<ssize_t>(sizeof much));
    CHECK(write(ends[1], much, 1) == -1 && errno == EAGAIN);
    pollfd questions[2] = {{ends[0], POLLIN, 0}, {ends[1], POLLOUT, 0}};
    CHECK(poll(questions, 2, 0) == 1 && questions[0].revents == POLLIN && questions[1].revents == 0);
    CHECK(read(ends[0], much, sizeof much) == taken);
    CHECK(poll(questions, 2, 0) == 1 && questions[0].revents == 0 && questions[1].revents == POLLOUT);
    close(ends[1]);
    CHECK(poll(questions, 1, -1) == 1 && (questions[0].revents & POLLHUP) != 0 && read(ends[0], &byte, 1) == 0);
    close(ends[0]);
    CHECK(pipe2(ends, O_APPEND) == -1 && errno == EINVAL);

    signal(SIGPIPE, SIG_IGN);
    CHECK(pipe(ends) == 0 && close(ends[0]) == 0 && write(ends[1], &byte, 1) == -1 && errno == EPIPE);
    close(ends[1]);
}

void poll_waits_for_a_writer() {
    int ends[2];
    CHECK(pipe(ends) == 0);
    std::thread writer([&] {
        usleep(2000);
        (void)!write(ends[1], "x", 1);
    });
    pollfd question = {ends[0], POLLIN, 0};
    CHECK(poll(&question, 1, 5000) == 1 && question.revents == POLLIN);
    writer.join();

    char byte;
    CHECK(read(ends[0], &byte, 1) == 1);
    std::thread later([&] {
        usleep(2000);
        (void)!write(ends[1], "x", 1);
    });
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    timeval for_ever = {time_t{1} << 62, 0};
    CHECK(select(ends[0] + 1, &set, nullptr, nullptr, &for_ever) == 1);
    later.join();
    close(ends[0]);
    close(ends[1]);
}

void random_numbers() {
    unsigned char one[64] = {}, other[64] = {};
    CHECK(getrandom(one, sizeof one, 0) == sizeof one && getentropy(other, sizeof other) == 0);
    int zeros = 0;
    for (const unsigned char byte : one) zeros += byte == 0;
    CHECK(memcmp(one, other, sizeof one) != 0 && zeros < 10);
    CHECK(getentropy(one, 257) == -1 && errno == EINVAL);
    CHECK(getrandom(one, 1, 0x100) == -1 && errno == EINVAL);
}

} // namespace

int main() {
    stream();
    edges();
    poll_waits_for_a_writer();
    random_numbers();
    return checks_done();
}
