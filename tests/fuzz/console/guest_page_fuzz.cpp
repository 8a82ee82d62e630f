// SPDX-License-Identifier: MIT
// A hostile guest's console page: the input rewrites any byte of the page between the service's calls. Whatever it
// does, reads and writes stay bounded, and the terminal never gets more than it has room for. ASan watches the page's
// borders.
#include "stubdoms/console/guest_ring.h"
#include "stubdoms/console/multiplexer.h"
#include "stubdoms/console/settings.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

using namespace skerry::console;

namespace {

void fuzz_page(const std::uint8_t* data, std::size_t size) {
    auto page = std::make_unique<xencons_interface>();
    std::memset(page.get(), 0, sizeof *page);
    GuestRing ring(*page);
    auto terminal = std::make_unique<TerminalQueue>();
    Multiplexer multiplexer(*terminal);
    Multiplexer::Source sources[2];
    std::strcpy(sources[0].name, "guest");
    sources[1].interactive = true;
    char buffer[256];
    for (; size >= 8; data += 8, size -= 8) {
        std::uint32_t value;
        std::memcpy(&value, data + 4, sizeof value);
        const std::size_t at = (data[1] | data[2] << 8) % (sizeof *page - sizeof value);
        const std::size_t index = offsetof(xencons_interface, in_cons) + 4 * (data[3] % 4);
        std::memcpy(reinterpret_cast<char*>(page.get()) + ((data[0] & 1) != 0 ? at : index), &value, sizeof value);
        const std::size_t count = ring.read(buffer, sizeof buffer);
        if (count > sizeof buffer) std::abort();
        Multiplexer::Source& source = sources[data[0] >> 1 & 1];
        if (multiplexer.write(source, buffer, count) > count) std::abort();
        multiplexer.hold_lines((data[0] & 4) != 0);
        if ((data[0] & 8) != 0) multiplexer.flush_quiet(source);
        if (ring.write(buffer, data[1]) > data[1] || ring.write_room() > sizeof page->in) std::abort();
        terminal->drop(data[0] >> 4 << 4);
        // No byte of a guest that is not interactive may steer the terminal.
        if (!source.interactive)
            for (std::size_t i = 0; i < source.length; ++i)
                if (static_cast<unsigned char>(source.line[i]) < 0x20 && source.line[i] != '\t') std::abort();
    }
}

void fuzz_settings(const std::uint8_t* data, std::size_t size) {
    std::string text(reinterpret_cast<const char*>(data), size);
    std::string copy(text.c_str());
    char* words[4] = {copy.data(), copy.data(), copy.data(), copy.data()};
    auto settings = std::make_unique<Settings>();
    read_settings(4, words, *settings, [](const char*, const char*) {});
    if (settings->guest_count > Settings::most_guests ||
        (settings->guest_count > 0 && settings->interactive >= settings->guest_count))
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    (data[0] % 4 == 0 ? fuzz_settings : fuzz_page)(data + 1, size - 1);
    return 0;
}
