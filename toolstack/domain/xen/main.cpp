// SPDX-License-Identifier: MIT
// The toolstack domain: policy over guests, spoken to by operators over the second serial line. See toolstack/README.md.
#include "toolstack/domain/api/server.h"
#include "toolstack/domain/base/settings.h"
#include "toolstack/domain/guests/caretaker.h"
#include "toolstack/domain/guests/first_guests.h"
#include "toolstack/domain/parts/channel_services.h"
#include "toolstack/domain/records/area_journal.h"
#include "toolstack/domain/xen/memory_window.h"
#include "toolstack/domain/xen/message_channel.h"
#include "toolstack/domain/xen/serial_transport.h"
#include "toolstack/domain/xen/xen_hypervisor.h"
#include "toolstack/domain/xen/xen_store.h"

#include <minios/backends/state_area.h>
#include <minios/minios.h>
#include <minios/random.h>

namespace skerry::toolstack {
namespace {

class DomainClock final : public Clock {
  public:
    std::uint64_t now_ns() override { return minios::clock::now_ns(); }
    std::uint64_t wall_ns() override { return minios::clock::wall_ns(); }
};

/// Not secret where the processor has no source of random numbers, but different each time.
template <class Number> Number random_number() {
    Number number{};
    auto* bytes = reinterpret_cast<unsigned char*>(&number);
    for (std::size_t i = 0; i < sizeof number; ++i) bytes[i] = static_cast<unsigned char>(minios::random::word() >> 24);
    return number;
}

void say(const std::string& text) { minios::print("toolstack: %s\n", text.c_str()); }

/// Set by the event handler, which must not wait for the monitor.
struct Bell {
    bool rung = false;
    minios::WaitQueue waiting;
};

/// The journal in the state area; without one, a journal that forgets.
Journal& open_journal(std::span<char* const> words) {
    const auto area = minios::backends::map_state_area(words);
    if (area.ok()) {
        static AreaJournal journal(area.value());
        return journal;
    }
    if (area.error() != minios::Error::not_found)
        say(std::string("the state area: ") + minios::error_name(area.error()));
    say("without a state area: after a restart guests go on, but nobody knows them");
    static NoJournal none;
    return none;
}

/// The domain `Name` over its channel, or what says that there is none.
template <class Service, class None>
auto& open_service(Monitor& monitor, Clock& clock, std::span<char* const> words, const char* name) {
    using Interface = std::conditional_t<std::is_base_of_v<Builder, Service>, Builder, Consoles>;
    static MessageChannel channel(monitor);
    if (channel.open(words, name)) {
        static Service service(monitor, clock, channel);
        return static_cast<Interface&>(service);
    }
    say(std::string("without a channel to the domain `") + name + "`");
    static None none;
    return static_cast<Interface&>(none);
}

/// This domain's own number: the hypervisor says whom DOMID_SELF meant. nullopt: it does not.
std::optional<DomainNumber> own_number() {
    xen_domctl_t operation{};
    operation.cmd = XEN_DOMCTL_getvcpuinfo;
    operation.domain = DOMID_SELF;
    if (minios::hypercall::domctl(operation) < 0 || operation.domain == DOMID_SELF) return std::nullopt;
    return operation.domain;
}

/// Names that the command line need not tell.
std::vector<PlatformDomain> platform_domains(const Settings& settings) {
    std::vector<PlatformDomain> domains = settings.domains;
    const auto add = [&](DomainNumber id, const char* name) {
        for (const PlatformDomain& known : domains)
            if (known.id == id || known.name == name) return;
        domains.push_back({id, name});
    };
    add(0, "founder");
    if (const auto self = own_number()) add(*self, "toolstack");
    return domains;
}

int run(const Settings& settings, std::span<char* const> words) {
    for (const std::string& word : settings.not_understood) say("not understood: " + word);
    static SerialTransport line(settings.uart);
    if (!line.start(settings.irq))
        minios::print(
            "toolstack: no UART answers at port %x: guests are looked after, but nobody can ask for anything\n",
            settings.uart);
    static Monitor monitor;
    static DomainClock clock;
    static XenHypervisor hypervisor;
    static XenStore store(monitor);
    store.start();
    Builder& builder = open_service<ChannelBuilder, NoBuilder>(monitor, clock, words, "builder");
    Consoles& consoles = open_service<ChannelConsoles, NoConsoles>(monitor, clock, words, "console");
    Journal& journal = open_journal(words);
    static EventLog log(clock, say);
    static MemoryWindow window(settings.window_address, settings.window_size);
    static Platform platform{monitor, clock,   hypervisor, builder, consoles,
                             store,   journal, log,        window,  platform_domains(settings)};
    static Guests* guests = nullptr;
    static Images images(builder, journal, [](std::string_view image) { return guests->user_of_image(image); });
    static Guests all_guests(platform, images, random_number<std::array<std::uint8_t, 16>>);
    guests = &all_guests;
    static Server* server = nullptr;
    static Api api(platform, all_guests, images, [] { server->stop(); });
    static Server the_server(monitor, clock, line, api, random_number<std::uint64_t>());
    server = &the_server;
    Remembered remembered;
    {
        const auto lock = monitor.enter();
        try {
            remembered = remember(journal);
            all_guests.recover(remembered);
        } catch (const Failure& failure) { say(std::string("what there was before: ") + failure.what()); }
    }
    static bool powers_off = false;
    platform.power_off = [] {
        powers_off = true;
        server->stop();
    };
    static Caretaker caretaker(platform, all_guests);
    static std::thread beginning([created = std::move(remembered.first_guests)] {
        const auto lock = monitor.enter();
        create_first_guests(platform, all_guests, read_first_guests("/files/guests"), created);
    });
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
    if (powers_off) {
        say("the platform powers off");
        minios::shutdown(minios::ShutdownReason::power_off);
    }
    // Somebody asked for a restart of this domain: whoever built it builds it again.
    say("ending, to be built again");
    minios::shutdown(minios::ShutdownReason::reboot);
}

} // namespace
} // namespace skerry::toolstack

int main(int argc, char** argv) {
    std::vector<std::string_view> words(argv + 1, argv + argc);
    return skerry::toolstack::run(skerry::toolstack::read_settings(words), std::span(argv + 1, argv + argc));
}
