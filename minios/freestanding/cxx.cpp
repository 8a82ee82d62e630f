// SPDX-License-Identifier: MIT
// What g++ and clang expect of a C++ runtime that has no exceptions and never runs destructors of globals, and of
// libstdc++'s freestanding headers.
#include <minios/start.h>

#include <new>

const std::nothrow_t std::nothrow{};

extern "C" {
void* __dso_handle = nullptr;
__attribute__((weak)) int __cxa_atexit(void (*)(void*), void*, void*) {
    return 0;
} // a domain does not end by returning
__attribute__((weak)) void __cxa_pure_virtual() { minios::panic("pure virtual function called"); }
__attribute__((weak)) void __cxa_deleted_virtual() { minios::panic("deleted virtual function called"); }
__attribute__((weak)) void abort() { minios::panic("abort"); }
}

namespace std {
__attribute__((weak, noreturn)) void terminate() noexcept { minios::panic("std::terminate"); }
__attribute__((weak, noreturn)) void __throw_length_error(const char* what) { minios::panic("length error: %s", what); }
__attribute__((weak, noreturn)) void __throw_logic_error(const char* what) { minios::panic("logic error: %s", what); }
__attribute__((weak, noreturn)) void __throw_bad_alloc() { minios::panic("out of memory"); }
__attribute__((weak, noreturn)) void __throw_bad_array_new_length() { minios::panic("array too long"); }
__attribute__((weak, noreturn)) void __throw_bad_function_call() { minios::panic("empty function called"); }
__attribute__((weak, noreturn)) void __throw_bad_optional_access() { minios::panic("empty optional"); }
__attribute__((weak, noreturn)) void __throw_bad_variant_access(const char* what) {
    minios::panic("variant: %s", what);
}
__attribute__((weak, noreturn)) void __throw_out_of_range(const char* what) { minios::panic("out of range: %s", what); }
__attribute__((weak, noreturn)) void __throw_out_of_range_fmt(const char* what, ...) {
    minios::panic("out of range: %s", what);
}
__attribute__((weak, noreturn)) void __throw_invalid_argument(const char* what) {
    minios::panic("invalid argument: %s", what);
}
} // namespace std
