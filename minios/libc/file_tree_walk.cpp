// SPDX-License-Identifier: MIT
// ftw() and nftw(). One descriptor is open for each level, however many are allowed.
#include "result.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

namespace {

using FtwCall = int (*)(const char*, const struct stat*, int);
using NftwCall = int (*)(const char*, const struct stat*, int, struct FTW*);

class Walk {
  public:
    Walk(FtwCall ftw, NftwCall nftw, int flags) : ftw_(ftw), nftw_(nftw), flags_(flags) {}
    int start(const char* path) {
        if (strlen(path) >= sizeof path_) return minios::libc::refuse(ENAMETOOLONG);
        strcpy(path_, path);
        const char* slash = strrchr(path_, '/');
        return visit(slash != nullptr ? static_cast<int>(slash - path_) + 1 : 0, 0);
    }

  private:
    static constexpr int deepest = 64; // what a stack of 64 KiB has room for

    int tell(const struct stat& status, int type, int base, int level) {
        struct FTW place = {base, level};
        return ftw_ != nullptr ? ftw_(path_, &status, type) : nftw_(path_, &status, type, &place);
    }
    int type_of(struct stat& status) const {
        const bool physical = (flags_ & FTW_PHYS) != 0;
        if (physical ? lstat(path_, &status) == 0 : stat(path_, &status) == 0)
            return S_ISDIR(status.st_mode) ? FTW_D : S_ISLNK(status.st_mode) ? FTW_SL : FTW_F;
        if (!physical && lstat(path_, &status) == 0) return ftw_ != nullptr ? FTW_SL : FTW_SLN;
        return FTW_NS;
    }
    /// Whatever is at path_, and what is below it: 0, or what ended the walk.
    int visit(int base, int level) {
        struct stat status {};
        const int type = type_of(status);
        if (type == FTW_NS && level == 0) return -1;
        if (type != FTW_D) return tell(status, type, base, level);
        if (level == deepest) return minios::libc::refuse(ELOOP); // links may lead in circles
        DIR* directory = opendir(path_);
        if (directory == nullptr) return tell(status, FTW_DNR, base, level);
        const bool after = (flags_ & FTW_DEPTH) != 0;
        int result = after ? 0 : tell(status, FTW_D, base, level);
        if (result == 0) result = visit_entries(directory, level);
        const int error = errno;
        closedir(directory);
        errno = error;
        return result == 0 && after ? tell(status, FTW_DP, base, level) : result;
    }
    int visit_entries(DIR* directory, int level) {
        const std::size_t length = strlen(path_);
        int result = 0;
        for (struct dirent* entry; result == 0 && (entry = readdir(directory)) != nullptr;) {
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
            const bool slash = path_[length - 1] != '/';
            if (length + slash + strlen(entry->d_name) >= sizeof path_) return minios::libc::refuse(ENAMETOOLONG);
            strcpy(path_ + length, slash ? "/" : "");
            strcat(path_ + length, entry->d_name);
            result = visit(static_cast<int>(length + slash), level + 1);
            path_[length] = 0;
        }
        return result;
    }

    FtwCall ftw_;
    NftwCall nftw_;
    int flags_;
    char path_[PATH_MAX];
};

} // namespace

extern "C" {

int ftw(const char* path, FtwCall call, int) { return Walk(call, nullptr, 0).start(path); }

/// Everything is on one device, so that FTW_MOUNT makes no difference.
int nftw(const char* path, NftwCall call, int, int flags) {
    if ((flags & FTW_CHDIR) != 0) return minios::libc::refuse(ENOTSUP);
    return Walk(nullptr, call, flags).start(path);
}

} // extern "C"
