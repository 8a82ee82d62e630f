// SPDX-License-Identifier: MIT
// libFuzzer target: what comes over the line to a program's gdb stub, up to what it does to the program.
#include "minios/debug/packet.h"
#include "minios/debug/session.h"
#include "tests/unit/minios/debug/fake_target.h"

#include <cstdlib>

using namespace minios::debug;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static PacketReader reader;
    static Session session;
    static Reply reply;
    reader = {};
    session = {};
    static const RegisterFile registers = test::fake.registers;
    test::fake.registers = registers;
    test::fake.stoppers.clear(); // what memory holds changes nothing
    session.stopped({});
    const std::uint64_t selector = test::fake.registers.get(cs);
    for (std::size_t i = 0; i < size; ++i) {
        const auto byte = static_cast<char>(data[i]);
        // A line feed is a packet's end with the right sum, which the fuzzer does not find.
        PacketReader::Event event = PacketReader::Event::none;
        if (byte == '\n' && reader.inside()) {
            std::uint8_t sum = reader.sum();
            for (const char c : {'#', digit_of(sum >> 4), digit_of(sum)}) event = reader.take(c);
            if (event != PacketReader::Event::packet && !reader.damaged()) std::abort();
        } else {
            event = reader.take(byte);
        }
        if (event != PacketReader::Event::packet) continue;
        if (session.handle(reader.packet(), reply) == Next::answer && reply.overflowed()) std::abort();
        if (test::fake.registers.get(cs) != selector) std::abort();
    }
    return 0;
}
