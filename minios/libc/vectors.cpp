// SPDX-License-Identifier: MIT
// readv, writev and their kind, piece by piece: each piece is one read or write of the file.
#include "result.h"

#include <limits.h>
#include <sys/uio.h>
#include <unistd.h>

namespace {

/// Goes on while whole pieces are taken; what was done counts, an error only if nothing was.
template <class Transfer> ssize_t each_piece(const struct iovec* pieces, int count, Transfer transfer) {
    if (count < 0 || count > IOV_MAX) return minios::libc::refuse(EINVAL);
    ssize_t total = 0;
    for (int i = 0; i < count; ++i) {
        if (pieces[i].iov_len == 0) continue;
        const ssize_t done = transfer(pieces[i]);
        if (done < 0) return total > 0 ? total : done;
        total += done;
        if (static_cast<std::size_t>(done) < pieces[i].iov_len) break;
    }
    return total;
}

} // namespace

extern "C" {

ssize_t readv(int descriptor, const struct iovec* pieces, int count) {
    return each_piece(pieces, count, [=](const struct iovec& p) { return read(descriptor, p.iov_base, p.iov_len); });
}
ssize_t writev(int descriptor, const struct iovec* pieces, int count) {
    return each_piece(pieces, count, [=](const struct iovec& p) { return write(descriptor, p.iov_base, p.iov_len); });
}

ssize_t preadv(int descriptor, const struct iovec* pieces, int count, off_t offset) {
    return each_piece(pieces, count, [=](const struct iovec& p) mutable {
        const ssize_t done = pread(descriptor, p.iov_base, p.iov_len, offset);
        if (done > 0) offset += done;
        return done;
    });
}
ssize_t pwritev(int descriptor, const struct iovec* pieces, int count, off_t offset) {
    return each_piece(pieces, count, [=](const struct iovec& p) mutable {
        const ssize_t done = pwrite(descriptor, p.iov_base, p.iov_len, offset);
        if (done > 0) offset += done;
        return done;
    });
}

} // extern "C"
