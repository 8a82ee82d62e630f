// SPDX-License-Identifier: MIT
#include "pipe_buffer.h"

#include "waiting.h"

#include <minios/memory.h>

namespace minios::libc {

PipeBuffer* PipeBuffer::create() { return heap::make<PipeBuffer>(); }

void PipeBuffer::note_change() {
    changed_.wake_all();
    files::readiness_changed();
}

std::size_t PipeBuffer::put(const char* from, std::size_t size) {
    const std::size_t room = capacity - count_, amount = size < room ? size : room;
    for (std::size_t i = 0; i < amount; ++i) bytes_[(first_ + count_ + i) % capacity] = from[i];
    count_ += amount;
    return amount;
}

std::size_t PipeBuffer::take(char* to, std::size_t size) {
    const std::size_t amount = size < count_ ? size : count_;
    for (std::size_t i = 0; i < amount; ++i) to[i] = bytes_[(first_ + i) % capacity];
    first_ = (first_ + amount) % capacity;
    count_ -= amount;
    return amount;
}

ssize_t PipeBuffer::read(void* to, std::size_t size, bool nonblocking) {
    if (count_ == 0 && has_writer_ && nonblocking) return -EAGAIN;
    const auto ready = [this] { return count_ != 0 || !has_writer_ || !has_reader_; };
    if (const int error = libc::wait_until(changed_, ready); error != 0) return error;
    if (count_ == 0 || !has_reader_) return 0;
    const std::size_t amount = take(static_cast<char*>(to), size);
    note_change();
    return static_cast<ssize_t>(amount);
}

ssize_t PipeBuffer::write(const void* from, std::size_t size, bool nonblocking) {
    std::size_t done = 0;
    while (done < size) {
        if (!has_reader_ || !has_writer_) return done != 0 ? static_cast<ssize_t>(done) : -EPIPE;
        const std::size_t room = capacity - count_, needed = size <= atomic_write ? size : 1;
        if (room >= needed) {
            done += put(static_cast<const char*>(from) + done, size - done);
            note_change();
            continue;
        }
        const int error = nonblocking ? -EAGAIN : wait_once(changed_);
        if (error != 0) return done != 0 ? static_cast<ssize_t>(done) : error;
    }
    return static_cast<ssize_t>(done);
}

short PipeBuffer::reader_ready() const {
    return static_cast<short>((count_ > 0 ? files::readable : 0) | (has_writer_ ? 0 : files::hung_up));
}

short PipeBuffer::writer_ready() const {
    if (!has_reader_) return files::failed;
    return static_cast<short>(capacity - count_ >= atomic_write ? files::writable : 0);
}

void PipeBuffer::stop_reading() {
    has_reader_ = false;
    note_change();
}
void PipeBuffer::stop_writing() {
    has_writer_ = false;
    note_change();
}
void PipeBuffer::close_reader() {
    stop_reading();
    close_end();
}
void PipeBuffer::close_writer() {
    stop_writing();
    close_end();
}

void PipeBuffer::close_end() {
    if (--open_ends_ == 0) heap::destroy(this);
}

} // namespace minios::libc
