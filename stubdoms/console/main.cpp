// SPDX-License-Identifier: MIT
// The console domain: owns the UART and the console page of each guest, by grant, and nothing else. See README.md.
#include "server.h"

#include <minios/backends/state_area.h>

namespace {

skerry::console::Settings settings;

} // namespace

int main(int argc, char** argv) {
    using namespace skerry::console;
    read_settings(argc - 1, argv + 1, settings,
                  [](const char* word, const char* why) { minios::print("console: %s: %s\n", word, why); });
    const std::span<char* const> words(argv + 1, static_cast<std::size_t>(argc - 1));
    if (auto area = minios::backends::map_state_area(words); area)
        settings.state = *area;
    else if (area.error() != minios::Error::not_found)
        minios::print("console: no state area: %s\n", minios::error_name(area.error()));
    static Server server(settings);
    if (!server.start()) return 1;
    server.run();
}
