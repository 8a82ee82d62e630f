// SPDX-License-Identifier: MIT
// setenv() and its kind, instead of newlib's, which loses the list when there is no memory for a longer one, and takes it for its own after that.
#include "result.h"

#include <minios/memory.h>

#include <stdlib.h>
#include <string.h>

extern "C" char** environ;

using namespace minios;

namespace {

char** own_list; ///< that came from the heap; a program may put another in its place

bool is_name(const char* name) { return name != nullptr && name[0] != 0 && strchr(name, '=') == nullptr; }

std::size_t count_variables() {
    std::size_t count = 0;
    while (environ != nullptr && environ[count] != nullptr) ++count;
    return count;
}

/// Where the variable stands, or nullptr.
char** find_variable(const char* name) {
    const std::size_t length = strlen(name);
    for (char** at = environ; at != nullptr && *at != nullptr; ++at)
        if (strncmp(*at, name, length) == 0 && (*at)[length] == '=') return at;
    return nullptr;
}

/// Adds to the list, which becomes ours. False: no memory, and nothing has changed.
bool append(char* variable) {
    const std::size_t count = count_variables();
    const bool ours = environ == own_list;
    void* longer = heap::resize(ours ? own_list : nullptr, (count + 2) * sizeof(char*));
    if (longer == nullptr) return false;
    if (!ours && count != 0) memcpy(longer, environ, count * sizeof(char*));
    environ = own_list = static_cast<char**>(longer);
    environ[count] = variable;
    environ[count + 1] = nullptr;
    return true;
}

} // namespace

extern "C" {

int setenv(const char* name, const char* value, int replace) {
    if (!is_name(name)) return libc::refuse(EINVAL);
    char** there = find_variable(name);
    if (there != nullptr && replace == 0) return 0;
    const std::size_t name_size = strlen(name), value_size = strlen(value) + 1;
    if (there != nullptr &&
        strlen(*there) >= name_size + value_size) { // so that changing it again and again takes no memory
        memmove(*there + name_size + 1, value, value_size);
        return 0;
    }
    auto* variable = static_cast<char*>(heap::allocate(name_size + 1 + value_size));
    if (variable == nullptr) return libc::refuse(ENOMEM);
    memcpy(variable, name, name_size);
    variable[name_size] = '=';
    memcpy(variable + name_size + 1, value, value_size);
    if (there != nullptr) {
        *there = variable; // somebody may have the address of the one before
    } else if (!append(variable)) {
        heap::release(variable);
        return libc::refuse(ENOMEM);
    }
    return 0;
}

int unsetenv(const char* name) {
    if (!is_name(name)) return libc::refuse(EINVAL);
    while (char** at = find_variable(name))
        for (; *at != nullptr; ++at) at[0] = at[1];
    return 0;
}

/// Copies the string.
int putenv(char* variable) {
    const char* equals = strchr(variable, '=');
    char* name = equals != nullptr ? strndup(variable, static_cast<std::size_t>(equals - variable)) : nullptr;
    if (name == nullptr) return equals != nullptr ? -1 : libc::refuse(EINVAL);
    const int result = setenv(name, equals + 1, 1);
    free(name);
    return result;
}

} // extern "C"
