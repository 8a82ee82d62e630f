// SPDX-License-Identifier: MIT
#include "toolstack/cli/socket.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

namespace skerry::cli {
namespace {

[[noreturn]] void fail(const std::string& path, int error) {
    throw std::system_error(error, std::generic_category(), path);
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) fail(path, ENAMETOOLONG);
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

FileDescriptor new_socket(const std::string& path) {
    FileDescriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!made) fail(path, errno);
    return made;
}

void make_nonblocking(const FileDescriptor& file) { ::fcntl(file.get(), F_SETFL, O_NONBLOCK); }

} // namespace

void FileDescriptor::close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
}

FileDescriptor connect_unix(const std::string& path) {
    const sockaddr_un address = address_of(path);
    FileDescriptor made = new_socket(path);
    if (::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail(path, errno);
    make_nonblocking(made);
    return made;
}

FileDescriptor listen_unix(const std::string& path) {
    // Under another name until it listens, so that nobody is refused.
    const std::string at_first = path + "~";
    const sockaddr_un address = address_of(at_first);
    try {
        (void)connect_unix(path);
        fail(path, EADDRINUSE);
    } catch (const std::system_error& error) {
        if (error.code().value() == EADDRINUSE) throw;
        struct stat status {};
        if (::lstat(path.c_str(), &status) == 0 && !S_ISSOCK(status.st_mode)) fail(path, EEXIST);
        ::unlink(at_first.c_str());
    }
    FileDescriptor made = new_socket(path);
    const mode_t before = ::umask(0077);
    const int result = ::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    ::umask(before);
    if (result != 0) fail(path, error);
    if (::listen(made.get(), 16) != 0 || ::rename(at_first.c_str(), path.c_str()) != 0) fail(path, errno);
    make_nonblocking(made);
    return made;
}

FileDescriptor accept_unix(const FileDescriptor& listener) {
    FileDescriptor made(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    return made;
}

bool read_some(const FileDescriptor& from, std::string& to) {
    char bytes[32768];
    const ssize_t count = ::recv(from.get(), bytes, sizeof bytes, 0);
    if (count > 0) to.append(bytes, static_cast<std::size_t>(count));
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

bool write_some(const FileDescriptor& to, std::string& bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(to.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        bytes.erase(0, static_cast<std::size_t>(count));
    }
    return true;
}

} // namespace skerry::cli
