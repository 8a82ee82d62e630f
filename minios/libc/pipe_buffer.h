// SPDX-License-Identifier: MIT
// Bytes on their way from writers to readers: what is between the ends of a pipe, and twice between those of a socketpair().
#pragma once

#include <minios/files.h>
#include <minios/threads.h>

namespace minios::libc {

class PipeBuffer {
  public:
    static constexpr std::size_t capacity = 16 * 1024;
    static constexpr std::size_t atomic_write = 512; // PIPE_BUF: POSIX's smallest

    /// nullptr: no memory. Both ends are open; it goes when both are closed.
    static PipeBuffer* create();
    void close_reader();
    void close_writer();
    /// Nothing comes through any more, and who waits learns of it; the end has still to be closed.
    void stop_reading();
    void stop_writing();

    /// What there is, up to `size`; waits for the first byte. 0: the end, or reading was stopped. -EAGAIN (nonblocking), or as wait_once().
    ssize_t read(void* to, std::size_t size, bool nonblocking);
    /// All of it, unless non-blocking or interrupted; a write of at most atomic_write bytes is never split. -EPIPE: nobody will read it.
    ssize_t write(const void* from, std::size_t size, bool nonblocking);

    std::size_t count() const { return count_; }
    short reader_ready() const;
    short writer_ready() const;

  private:
    void note_change();
    std::size_t put(const char* from, std::size_t size);
    std::size_t take(char* to, std::size_t size);
    void close_end();

    std::size_t first_ = 0, count_ = 0;
    bool has_reader_ = true, has_writer_ = true;
    unsigned open_ends_ = 2;
    WaitQueue changed_;
    char bytes_[capacity];
};

} // namespace minios::libc
