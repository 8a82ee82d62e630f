// SPDX-License-Identifier: MIT
// There is one user, number 0, and one group, number 0; both are called root.
#include "result.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

using minios::libc::refuse;

namespace {

char root_name[] = "root", nothing[] = "", top[] = "/";
char* no_members[] = {nullptr};
passwd root_user{root_name, nothing, 0, 0, nothing, nothing, top, nothing};
group root_group{root_name, nothing, 0, no_members};
bool users_read, groups_read; // getpwent(), getgrent()

/// The one that there is, or not found: no error, but nullptr. Nothing in it changes: no buffer is needed.
template <class Entry> int give(bool found, Entry& entry, Entry* to, Entry** result) {
    if (found) *to = entry;
    *result = found ? to : nullptr;
    return 0;
}

/// Only to what it is already.
int set_id(unsigned id) { return id == 0 ? 0 : refuse(EINVAL); }
/// -1: as it is.
template <class Id> int set_ids(Id first, Id second) {
    constexpr Id same = static_cast<Id>(-1);
    return set_id(first == same ? 0 : first) == 0 ? set_id(second == same ? 0 : second) : -1;
}

} // namespace

extern "C" {

struct passwd* getpwuid(uid_t id) {
    return id == 0 ? &root_user : nullptr;
}
struct passwd* getpwnam(const char* name) {
    return strcmp(name, root_name) == 0 ? &root_user : nullptr;
}
int getpwuid_r(uid_t id, struct passwd* to, char*, std::size_t, struct passwd** result) {
    return give(id == 0, root_user, to, result);
}
int getpwnam_r(const char* name, struct passwd* to, char*, std::size_t, struct passwd** result) {
    return give(strcmp(name, root_name) == 0, root_user, to, result);
}
struct passwd* getpwent() {
    const bool before = users_read;
    users_read = true;
    return before ? nullptr : &root_user;
}
void setpwent() { users_read = false; }
void endpwent() { users_read = false; }

struct group* getgrgid(gid_t id) {
    return id == 0 ? &root_group : nullptr;
}
struct group* getgrnam(const char* name) {
    return strcmp(name, root_name) == 0 ? &root_group : nullptr;
}
int getgrgid_r(gid_t id, struct group* to, char*, std::size_t, struct group** result) {
    return give(id == 0, root_group, to, result);
}
int getgrnam_r(const char* name, struct group* to, char*, std::size_t, struct group** result) {
    return give(strcmp(name, root_name) == 0, root_group, to, result);
}
struct group* getgrent() {
    const bool before = groups_read;
    groups_read = true;
    return before ? nullptr : &root_group;
}
void setgrent() { groups_read = false; }
void endgrent() { groups_read = false; }

int getgroups(int, gid_t*) { return 0; } // none beside the one
int setgroups(int count, const gid_t* groups) {
    for (int i = 0; i < count; ++i)
        if (groups[i] != 0) return refuse(EINVAL);
    return 0;
}
char* getlogin() { return root_name; }
int getlogin_r(char* name, std::size_t size) {
    if (size < sizeof root_name) return ERANGE;
    strcpy(name, root_name);
    return 0;
}
int issetugid() { return 0; }

int setuid(uid_t id) { return set_id(id); }
int seteuid(uid_t id) { return set_id(id); }
int setreuid(uid_t real, uid_t effective) { return set_ids(real, effective); }
int setgid(gid_t id) { return set_id(id); }
int setegid(gid_t id) { return set_id(id); }
int setregid(gid_t real, gid_t effective) { return set_ids(real, effective); }

} // extern "C"
