// SPDX-License-Identifier: MIT
// The xenstore domain: keeps the store and reaches one page of each domain, by that domain's grant. See README.md.
#include "server.h"

int main(int argc, char** argv) {
    using namespace skerry::xenstore;
    const Settings settings = read_settings(argc - 1, argv + 1, [](const char* word, const char* why) {
        minios::print("xenstore: %s: %s\n", word, why);
    });
    static Server server(settings, {});
    server.start();
    server.run();
}
