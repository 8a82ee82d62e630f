// SPDX-License-Identifier: MIT
// The toolstack domain: policy over guests, spoken to by operators over the second serial line. See toolstack/README.md.
#include "toolstack/domain/caretaker.h"
#include "toolstack/domain/channel_services.h"
#include "toolstack/domain/no_store.h"
#include "toolstack/domain/server.h"
#include "toolstack/domain/settings.h"
#include "toolstack/domain/xen/serial_transport.h"
#include "toolstack/domain/xen/xen_hypervisor.h"

#include <minios/minios.h>

#include <sys/random.h>

namespace skerry::toolstack {
namespace {

class DomainClock final : public Clock {
  public:
    std::uint64_t now_ns() override { return minios::clock::now_ns(); }
    std::uint64_t wall_ns() override { return minios::clock::wall_ns(); }
};

template <class Number> Number random_number() {
    Number number{};
    if (getrandom(&number, sizeof number, 0) == sizeof number) return number;
    // A processor without RDRAND: not secret, but different each time.
    static std::uint64_t state = minios::clock::now_ns() ^ minios::clock::wall_ns();
    auto* bytes = reinterpret_cast<unsigned char*>(&number);
    for (std::size_t i = 0; i < sizeof number; ++i) {
        state = state * 6364136223846793005u + minios::clock::now_ns() + 1442695040888963407u;
        bytes[i] = static_cast<unsigned char>(state >> 56);
    }
    return number;
}

void say(const std::string& text) { minios::print("toolstack: %s\n", text.c_str()); }

/// Set by the event handler, which must not wait for the monitor.
struct Bell {
    bool rung = false;
    minios::WaitQueue waiting;
};

int run(const Settings& settings) {
    for (const std::string& word : settings.not_understood) say("not understood: " + word);
    static SerialTransport line(settings.uart);
    if (!line.start(settings.irq)) {
        minios::print("toolstack: no UART answers at port %x\n", settings.uart);
        return 1;
    }
    static Monitor monitor;
    static DomainClock clock;
    static XenHypervisor hypervisor;
    static NoBuilder builder;
    static NoConsoles consoles;
    static NoStore store;
    static NoJournal journal;
    static EventLog log(clock, say);
    static Platform platform{monitor, clock, hypervisor, builder, consoles, store, journal, log, settings.domains};
    static Guests* guests = nullptr;
    static Images images(builder, journal, [](std::string_view image) { return guests->user_of_image(image); });
    static Guests all_guests(platform, images, random_number<std::array<std::uint8_t, 16>>);
    guests = &all_guests;
    static Server* server = nullptr;
    static Api api(platform, all_guests, images, [] { server->stop(); });
    static Server the_server(monitor, clock, line, api, random_number<std::uint64_t>());
    server = &the_server;
    {
        const auto lock = monitor.enter();
        try {
            all_guests.recover(remember(journal));
        } catch (const Failure& failure) { say(std::string("what there was before: ") + failure.what()); }
    }
    static Caretaker caretaker(platform, all_guests);
    static Bell bell;
    static std::thread ringing([] {
        while (true) {
            minios::wait_until(bell.waiting, [] { return bell.rung; });
            bell.rung = false;
            const auto lock = monitor.enter();
            all_guests.look_again();
        }
    });
    if (settings.builder_port != 0)
        minios::events::set_handler(
            minios::Port{settings.builder_port},
            [](minios::Port, void*) {
                bell.rung = true;
                bell.waiting.wake_all();
            },
            nullptr);
    say("ready");
    the_server.run();
    // Somebody asked for a restart of this domain: whoever built it builds it again.
    minios::shutdown(minios::ShutdownReason::reboot);
}

} // namespace
} // namespace skerry::toolstack

int main(int argc, char** argv) {
    std::vector<std::string_view> words(argv + 1, argv + argc);
    return skerry::toolstack::run(skerry::toolstack::read_settings(words));
}
