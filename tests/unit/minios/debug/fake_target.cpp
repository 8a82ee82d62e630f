// SPDX-License-Identifier: MIT
#include "fake_target.h"

#include <algorithm>
#include <cstring>

namespace minios::debug {

namespace test {

FakeTarget fake;

FakeTarget::FakeTarget() {
    for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<std::uint8_t>(i * 7);
    for (unsigned number = 0; number < register_count; ++number) registers.set(number, 0x1111111111111111u * number);
}

} // namespace test

namespace target {

using test::fake;
using test::FakeTarget;

namespace {

std::size_t reachable(std::uint64_t address, std::size_t size, std::size_t from) {
    if (address < FakeTarget::base + from || address >= FakeTarget::base + fake.memory.size()) return 0;
    return std::min<std::uint64_t>(size, FakeTarget::base + fake.memory.size() - address);
}

} // namespace

std::size_t read_memory(std::uint64_t address, void* to, std::size_t size) {
    size = reachable(address, size, 0);
    if (size > 0) std::memcpy(to, &fake.memory[address - FakeTarget::base], size);
    return size;
}
std::size_t write_memory(std::uint64_t address, const void* from, std::size_t size) {
    size = reachable(address, size, fake.read_only);
    if (size > 0) std::memcpy(&fake.memory[address - FakeTarget::base], from, size);
    return size;
}

unsigned stopped_thread() { return fake.threads[0]; }
unsigned next_thread(unsigned number) {
    for (const unsigned thread : fake.threads)
        if (thread > number) return thread;
    return 0;
}
std::string_view thread_name(unsigned number) { return number == 1 ? "main" : "worker"; }

bool read_registers(unsigned thread, RegisterFile& file) {
    if (std::find(fake.threads.begin(), fake.threads.end(), thread) == fake.threads.end()) return false;
    file = fake.registers;
    if (thread != stopped_thread()) file.known = 1ull << rip | 1ull << rsp;
    return true;
}
bool write_registers(const RegisterFile& file) {
    if (file.get(cs) != fake.registers.get(cs)) return false;
    fake.registers = file;
    return true;
}

Set set_stopper(Stopper kind, std::uint64_t address, std::uint64_t size) {
    if (reachable(address, 1, 0) == 0) return Set::no_memory_there;
    if (fake.stoppers.size() >= 4) return Set::no_room;
    fake.stoppers.emplace_back(kind, address, size);
    return Set::done;
}
bool clear_stopper(Stopper kind, std::uint64_t address, std::uint64_t size) {
    return std::erase(fake.stoppers, std::tuple(kind, address, size)) > 0;
}
void clear_all_stoppers() { fake.stoppers.clear(); }

} // namespace target
} // namespace minios::debug
