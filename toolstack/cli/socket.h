// SPDX-License-Identifier: MIT
// Unix sockets, non-blocking, closed by themselves.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace skerry::cli {

class FileDescriptor {
  public:
    FileDescriptor() = default;
    explicit FileDescriptor(int number) : number_(number) {}
    FileDescriptor(FileDescriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~FileDescriptor() { close(); }
    void close();
    int get() const { return number_; }
    explicit operator bool() const { return number_ >= 0; }

  private:
    int number_ = -1;
};

/// Throws std::system_error; its message names the path.
FileDescriptor connect_unix(const std::string& path);
/// Takes the place of a socket that nobody listens on any more. Only its owner may connect.
FileDescriptor listen_unix(const std::string& path);
/// Invalid when nobody waits.
FileDescriptor accept_unix(const FileDescriptor& listener);

/// Appends what is there to `to`. False: the other end is gone.
bool read_some(const FileDescriptor& from, std::string& to);
/// Sends what goes now and takes it away from `bytes`. False: the other end is gone.
bool write_some(const FileDescriptor& to, std::string& bytes);

} // namespace skerry::cli
