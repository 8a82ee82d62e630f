// SPDX-License-Identifier: MIT
// What the console domain is told on its command line:
//   guest=<domid>:<port>:<name>   a guest to serve; repeated
//   interactive=<name>            which one has the keyboard (default: the first; with a client, the first that it adds)
//   uart=<port>                   base I/O port (default 0x3f8)
//   irq=<number>|none             its interrupt (default 4)
//   builder=<port>                event channel on which the builder says that guests came or went
//   client=<domid>:<port>:<reference>:<name>   who may ask for more (control.h)
//   scrollback=<bytes>    of each guest's last output to keep (default 16384)
//   log=yes|no                    show the hypervisor's log, if that right is held (default yes)
#pragma once

#include <minios/backends/service_page.h>
#include <minios/channel.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace skerry::console {

struct Settings {
    static constexpr std::size_t most_guests = 32;
    minios::backends::GuestAddress guests[most_guests];
    std::size_t guest_count = 0;
    std::size_t interactive = 0; ///< index into guests; most_guests: none
    std::uint16_t uart = 0x3f8;
    int irq = 4; ///< -1: none, poll
    std::uint32_t builder_port = 0;
    bool log = true;
    minios::ChannelClient client;
    bool has_client = false;
    std::size_t scroll_back = 16384; ///< with its head
    std::span<std::byte> state;      ///< the state area, or nothing
};

/// Reads the words; `complain(word, why)` is called for each that is not understood or has no place.
template <class Complain> void read_settings(int count, char** words, Settings& settings, Complain complain);

/// An unsigned number, decimal or 0x hexadecimal, up to `most`.
bool parse_unsigned(std::string_view text, std::uint32_t most, std::uint32_t& value);

template <class Complain> void read_settings(int count, char** words, Settings& settings, Complain complain) {
    std::string_view interactive;
    for (int i = 0; i < count; ++i) {
        const std::string_view word = words[i];
        const auto is = [&](std::string_view key) { return word.substr(0, key.size()) == key; };
        std::uint32_t number = 0;
        if (is("guest=")) {
            if (settings.guest_count == Settings::most_guests)
                complain(words[i], "too many guests");
            else if (minios::backends::parse_guest_address(words[i] + 6, settings.guests[settings.guest_count]))
                ++settings.guest_count;
            else
                complain(words[i], "expected guest=<domid>:<port>:<name>");
        } else if (is("interactive=")) {
            interactive = word.substr(12);
        } else if (is("uart=") && parse_unsigned(word.substr(5), 0xfff8, number)) {
            settings.uart = static_cast<std::uint16_t>(number);
        } else if (word == "irq=none") {
            settings.irq = -1;
        } else if (is("irq=") && parse_unsigned(word.substr(4), 1023, number)) {
            settings.irq = static_cast<int>(number);
        } else if (is("builder=") && parse_unsigned(word.substr(8), (1u << 17) - 1, number)) {
            settings.builder_port = number;
        } else if (minios::parse_channel_client(words[i], settings.client)) {
            settings.has_client = true;
        } else if (is("scrollback=") && parse_unsigned(word.substr(11), 1u << 24, number) && number >= 1024) {
            settings.scroll_back = number & ~7u;
        } else if (is("state=")) {
            // for map_state_area()
        } else if (word == "log=yes" || word == "log=no") {
            settings.log = word == "log=yes";
        } else {
            complain(words[i], "not understood");
        }
    }
    if (interactive.empty() && settings.has_client) settings.interactive = Settings::most_guests;
    if (interactive.empty()) return;
    for (std::size_t i = 0; i < settings.guest_count; ++i) {
        if (interactive == settings.guests[i].name) {
            settings.interactive = i;
            return;
        }
    }
    complain("interactive", "names no guest");
}

} // namespace skerry::console
