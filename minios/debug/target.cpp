// SPDX-License-Identifier: MIT
// The program's threads and their registers.
#include "target.h"

#include "minios/kernel/page_table.h"
#include "stopped.h"

namespace minios::debug::target {

namespace {

constexpr unsigned most_threads = 65536; // a bound for a list that is broken

Thread* find(unsigned number) {
    Thread* thread = threads::oldest();
    for (unsigned i = 0; thread != nullptr && i < most_threads; ++i, thread = threads::next_newer(thread))
        if (threads::number(thread) == number) return thread;
    return nullptr;
}

} // namespace

unsigned stopped_thread() { return threads::number(threads::current()); }

unsigned next_thread(unsigned number) {
    const Thread* thread = threads::oldest();
    for (unsigned i = 0; thread != nullptr && i < most_threads; ++i, thread = threads::next_newer(thread))
        if (threads::number(thread) > number) return threads::number(thread);
    return 0;
}

std::string_view thread_name(unsigned number) {
    const Thread* thread = find(number);
    return thread != nullptr ? std::string_view(threads::name(thread)) : std::string_view();
}

bool read_registers(unsigned number, RegisterFile& file) {
    const Thread* thread = find(number);
    if (thread == nullptr) return false;
    if (thread == threads::current()) {
        debug::read_registers(stopped.frame, stopped.fx, file);
    } else {
        std::uint64_t saved[8];
        const auto at = reinterpret_cast<std::uint64_t>(threads::saved_registers(thread));
        if (read_memory(at, saved, sizeof saved) != sizeof saved) return false;
        read_switched_out(saved, at, file);
    }
    file.set(fs_base, reinterpret_cast<std::uint64_t>(threads::block_of(thread)));
    file.set(gs_base, 0); // nobody sets it
    return true;
}

bool write_registers(const RegisterFile& file) {
    const auto block = reinterpret_cast<std::uint64_t>(threads::block_of(threads::current()));
    return file.get(fs_base) == block && file.get(gs_base) == 0 &&
           debug::write_registers(file, stopped.frame, stopped.fx);
}

} // namespace minios::debug::target
