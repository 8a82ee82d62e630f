// SPDX-License-Identifier: MIT
// Who is served: found by name and by number whatever came and went, and known again by the next console domain.
#include "stubdoms/console/guests.h"

#include <cstdlib>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

// No guest here has a page.
namespace minios {
void* heap::allocate_aligned(std::size_t alignment, std::size_t size) {
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}
void heap::release(void* p) { std::free(p); }
void grants::MappedGrant::unmap() {}
void backends::ServicePage::detach() {}
} // namespace minios

namespace skerry::console {
namespace {

using minios::DomId;
using minios::Port;
using minios::backends::GuestAddress;

constexpr std::size_t slot_bytes = 1024;

GuestAddress address_of(unsigned domain, std::string_view name) {
    GuestAddress address{DomId{static_cast<std::uint16_t>(domain)}, Port{domain + 1}, {}};
    name.copy(address.name, GuestAddress::longest_name);
    return address;
}

struct World {
    explicit World(std::size_t slots) : area(slots * slot_bytes / 8) { begin(); }
    ~World() { end(); }
    void begin() {
        guests = std::make_unique<Guests>();
        guests->open(std::as_writable_bytes(std::span(area)), slot_bytes);
        guests->recall();
    }
    void end() {
        while (guests->count() > 0) {
            Guest* guest = guests->at(guests->count() - 1);
            guests->remove(*guest);
        }
    }
    /// Another console domain, in place of one that was killed.
    void restart() {
        const std::vector<std::uint64_t> kept = area;
        end();
        area = kept;
        begin();
    }
    std::vector<std::uint64_t> area;
    std::unique_ptr<Guests> guests;
};

TEST(Guests, AreFoundWhateverCameAndWent) {
    World world(200);
    std::map<unsigned, std::string> served; // by domain
    std::mt19937 random(7);
    const auto name_of = [&](unsigned i) { return "guest-" + std::to_string(i); };
    for (int step = 0; step < 20000; ++step) {
        const unsigned domain = 1 + random() % 3000, number = random() % 400;
        const std::string name = name_of(number);
        Guest* of_number = world.guests->find(DomId{static_cast<std::uint16_t>(domain)});
        Guest* of_name = world.guests->find(name);
        ASSERT_EQ(of_number != nullptr, served.contains(domain));
        ASSERT_EQ(of_name != nullptr,
                  std::any_of(served.begin(), served.end(), [&](const auto& one) { return one.second == name; }));
        if (step % 5000 == 4999) {
            world.restart();
        } else if (of_number != nullptr && random() % 2 == 0) {
            world.guests->remove(*of_number);
            served.erase(domain);
        } else if (of_number != nullptr && of_name == nullptr) {
            char text[GuestAddress::longest_name + 1] = {};
            name.copy(text, sizeof text - 1);
            world.guests->rename(*of_number, text);
            served[domain] = name;
        } else {
            const bool room = of_number == nullptr && of_name == nullptr && served.size() < 200;
            ASSERT_EQ(world.guests->add(address_of(domain, name), true) != nullptr, room);
            if (room) served[domain] = name;
        }
        ASSERT_EQ(world.guests->count(), served.size());
    }
    for (const auto& [domain, name] : served) {
        Guest* guest = world.guests->find(name);
        ASSERT_NE(guest, nullptr);
        EXPECT_EQ(guest, world.guests->find(DomId{static_cast<std::uint16_t>(domain)}));
        EXPECT_EQ(guest->address.remote_port.value, domain + 1);
        EXPECT_EQ(world.guests->at(guest->index), guest);
    }
    EXPECT_GT(served.size(), 100u);
}

TEST(Guests, OfAFormerLifeHaveTheirScrollBacks) {
    World world(4);
    for (unsigned i = 1; i <= 4; ++i)
        world.guests->add(address_of(i, "g" + std::to_string(i)), true)->scroll_back.append("hello\n", 5 + 1, i);
    world.guests->set_keyboard(world.guests->find("g3"));
    EXPECT_EQ(world.guests->add(address_of(5, "g5"), true), nullptr) << "no slot";
    world.guests->remove(*world.guests->find("g2"));
    world.restart();
    EXPECT_EQ(world.guests->count(), 3u);
    EXPECT_EQ(world.guests->find("g2"), nullptr);
    EXPECT_EQ(world.guests->has_keyboard(), world.guests->find("g3"));
    for (const char* name : {"g1", "g3", "g4"}) {
        char text[64];
        ASSERT_NE(world.guests->find(name), nullptr);
        EXPECT_EQ(world.guests->find(name)->scroll_back.last_lines(9, text, sizeof text), sizeof "    0.000 hello");
    }
    ScrollBack past;
    EXPECT_TRUE(world.guests->find_past("g2", past));
    Guest* again = world.guests->add(address_of(7, "g2"), true, true);
    ASSERT_NE(again, nullptr);
    char text[64];
    EXPECT_GT(again->scroll_back.last_lines(9, text, sizeof text), 0u) << "it goes on with what the last one left";
}

TEST(Guests, ThatMakeNoSenseAreForgotten) {
    World world(8);
    for (unsigned i = 1; i <= 8; ++i) world.guests->add(address_of(i, "g" + std::to_string(i)), true);
    const std::vector<std::uint64_t> sound = world.area;
    std::mt19937 random(1);
    for (int round = 0; round < 2000; ++round) {
        const std::vector<std::uint64_t> before = world.area;
        world.end();
        world.area = round % 20 == 0 ? sound : before;
        for (int i = 0; i < 3; ++i)
            std::as_writable_bytes(std::span(world.area))[random() % 8 * slot_bytes + random() % 72] =
                static_cast<std::byte>(random() % 2 == 0 ? random() : random() % 4);
        world.begin();
        for (std::size_t i = 0; i < world.guests->count(); ++i) {
            Guest* guest = world.guests->at(i);
            EXPECT_EQ(world.guests->find(guest->address.name), guest) << "no name twice";
            EXPECT_EQ(world.guests->find(guest->address.domain), guest) << "no number twice";
        }
    }
}

} // namespace
} // namespace skerry::console
