// SPDX-License-Identifier: MIT
// The domain that the builder's scenarios build: says what it was started with, and ends as its command line asks.
//   end=poweroff|reboot|crash   how (default: it stays)      after=MS   when (default at once)      say=WORD   said at
//   the end
#include <minios/minios.h>

#include <cstdlib>
#include <string_view>

namespace {

unsigned number_of(std::string_view text) {
    unsigned number = 0;
    for (char digit : text) number = number * 10 + static_cast<unsigned>(digit - '0');
    return number;
}

std::string_view value_of(int argc, char** argv, std::string_view key) {
    for (int i = 1; i < argc; ++i)
        if (std::string_view(argv[i]).starts_with(key)) return std::string_view(argv[i]).substr(key.size());
    return {};
}

} // namespace

int main(int argc, char** argv) {
    auto words = minios::command_line();
    minios::print("lodger: %lu pages, command line `%.*s`\n", minios::total_pages(), static_cast<int>(words.size()),
                  words.data());
    for (const auto& module : minios::modules())
        minios::print("lodger: module of %lu bytes, first %02x last %02x\n", module.size,
                      static_cast<unsigned>(module.data[0]), static_cast<unsigned>(module.data[module.size - 1]));
    minios::clock::sleep_ms(number_of(value_of(argc, argv, "after=")));
    auto last_word = value_of(argc, argv, "say=");
    if (!last_word.empty()) minios::print("lodger: %.*s\n", static_cast<int>(last_word.size()), last_word.data());
    auto end = value_of(argc, argv, "end=");
    if (end == "poweroff") minios::shutdown(minios::ShutdownReason::power_off);
    if (end == "reboot") minios::shutdown(minios::ShutdownReason::reboot);
    if (end == "crash") minios::shutdown(minios::ShutdownReason::crash);
    for (;;) minios::clock::sleep_ms(1000);
}
