// SPDX-License-Identifier: MIT
#include "config.h"
#include "greeting.h"

#include <iostream>
#include <stdexcept>
#include <thread>

int main(int argc, char** argv) {
    std::cout << greeting() << " " << GREETING_VERSION << " for " << (argc > 1 ? argv[1] : "nobody") << "\n";
    std::cout << "getrandom " << HAVE_GETRANDOM << ", posix_spawn " << HAVE_POSIX_SPAWN << ", epoll " << HAVE_EPOLL
              << ", long double " << SIZEOF_LONG_DOUBLE << "\n";
    std::thread([] { std::cout << "from a thread\n"; }).join();
    try {
        throw std::runtime_error("caught");
    } catch (const std::exception& error) { std::cout << error.what() << "\n"; }
    return 3;
}
