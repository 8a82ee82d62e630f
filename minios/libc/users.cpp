// SPDX-License-Identifier: MIT
// The one user, 0, who owns everything: looked up by number and by name, and what can(not) be given to others.
#include "result.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

using minios::libc::refuse;

namespace {

char name[] = "root", nothing[] = "", home[] = "/";
struct passwd root = {name, nothing, 0, 0, nothing, nothing, home, nothing};

/// Owner and group of a file that is there: 0 and 0, or left as they are. No others exist.
int keep_owner(uid_t owner, gid_t group) {
    constexpr auto unchanged = static_cast<uid_t>(-1);
    const bool same = (owner == 0 || owner == unchanged) && (group == 0 || group == static_cast<gid_t>(unchanged));
    return same ? 0 : refuse(EINVAL);
}

} // namespace

extern "C" {

struct passwd* getpwuid(uid_t user) {
    return user == root.pw_uid ? &root : nullptr;
}
struct passwd* getpwnam(const char* wanted) {
    return strcmp(wanted, name) == 0 ? &root : nullptr;
}

int setuid(uid_t user) { return user == 0 ? 0 : refuse(EINVAL); }
int setgid(gid_t group) { return group == 0 ? 0 : refuse(EINVAL); }
int setgroups(int count, const gid_t* groups) {
    for (int i = 0; i < count; ++i)
        if (groups[i] != 0) return refuse(EINVAL);
    return 0;
}

int chown(const char* path, uid_t owner, gid_t group) {
    struct stat status;
    return stat(path, &status) != 0 ? -1 : keep_owner(owner, group);
}
int lchown(const char* path, uid_t owner, gid_t group) {
    struct stat status;
    return lstat(path, &status) != 0 ? -1 : keep_owner(owner, group);
}
int fchown(int descriptor, uid_t owner, gid_t group) {
    struct stat status;
    return fstat(descriptor, &status) != 0 ? -1 : keep_owner(owner, group);
}

} // extern "C"
