// SPDX-License-Identifier: MIT
// The console domain: owns the UART and the console page of each guest, by grant, and nothing else. See README.md.
#include "server.h"

namespace {

skerry::console::Settings settings;

} // namespace

int main(int argc, char** argv) {
    using namespace skerry::console;
    read_settings(argc - 1, argv + 1, settings,
                  [](const char* word, const char* why) { minios::print("console: %s: %s\n", word, why); });
    static Server server(settings);
    if (!server.start()) return 1;
    server.run();
}
