// SPDX-License-Identifier: MIT
// A stopped program for the protocol's tests and fuzzer: 64 KiB of memory, three threads, stoppers in a list.
#pragma once

#include "minios/debug/target.h"

#include <tuple>
#include <vector>

namespace minios::debug::test {

struct FakeTarget {
    static constexpr std::uint64_t base = 0x10000;
    std::vector<std::uint8_t> memory = std::vector<std::uint8_t>(0x10000);
    std::size_t read_only = 0x1000; ///< bytes at the start
    std::vector<unsigned> threads = {1, 2, 7};
    RegisterFile registers = {};
    std::vector<std::tuple<target::Stopper, std::uint64_t, std::uint64_t>> stoppers;

    FakeTarget();
};
extern FakeTarget fake;

} // namespace minios::debug::test
