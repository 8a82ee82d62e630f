// SPDX-License-Identifier: MIT
// The xenstore domain: keeps the store and reaches one page of each domain, by that domain's grant. See README.md.
#include "server.h"

#include <minios/backends/state_area.h>

namespace {

std::span<std::byte> kept_state(int argc, char** argv) {
    const auto area = minios::backends::map_state_area({argv, static_cast<std::size_t>(argc)});
    if (area) return *area;
    minios::print("xenstore: %s: a restart loses the store\n",
                  area.error() == minios::Error::not_found ? "no state area" : minios::error_name(area.error()));
    return {};
}

} // namespace

int main(int argc, char** argv) {
    using namespace skerry::xenstore;
    const Settings settings = read_settings(
        argc - 1, argv + 1, [](const char* word, const char* why) { minios::print("xenstore: %s: %s\n", word, why); });
    static Server server(settings, kept_state(argc, argv));
    server.start();
    server.run();
}
