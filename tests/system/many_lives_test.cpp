// SPDX-License-Identifier: MIT
// Many guests at once, many one after the other, and services that are killed under load. SKERRY_LONG=1 (make test-scale): a thousand of each.
#include "plane.h"

#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>
#include <unistd.h>

namespace skerry::test {
namespace {

bool is_long() { return std::getenv("SKERRY_LONG") != nullptr; }

class ManyLives : public ControlPlane {
  protected:
    static constexpr unsigned tiny_mib = 2;
    std::string create(const std::string& name) const {
        return "run --detach --name " + name + " -m " + std::to_string(tiny_mib) + " image:unikernel";
    }
    unsigned guests_by_info() const {
        const std::string text = skerry("--json info").text, key = "\"guests\":";
        const size_t at = text.find(key);
        return at == std::string::npos
                   ? 0
                   : static_cast<unsigned>(std::strtoul(text.c_str() + at + key.size(), nullptr, 10));
    }
};

TEST_F(ManyLives, TinyGuestsAllAtOnce) {
    const unsigned count = is_long() ? 1000 : 60;
    start({{"unikernel", "unikernel"}, {"load", "store-load"}}, count, 512 + count * 5 / 2);
    const long free = free_memory();
    const auto name = [](unsigned i) { return "tiny-" + std::to_string(i); };
    for (unsigned i = 1; i <= count && !HasFailure(); ++i) expect(create(name(i)), {});
    ASSERT_EQ(guests_by_info(), count);
    for (const unsigned i : {1u, count / 2, count}) expect_log(name(i), "entered");
    // xen-core's own share.
    EXPECT_LE((free - free_memory()) / static_cast<long>(count), long{tiny_mib} * 1024 + 64);
    for (const char* service : {"xenstore", "console", "builder", "toolstack"})
        expect("restart " + std::string(service), {"built again"});
    (void)skerry("list"); // who asks while the toolstack comes back may be told so
    EXPECT_EQ(guests_by_info(), count);
    // However many there are, the next one finds a store that takes what it writes.
    expect("run --detach --name load -m 4 image:load 50", {});
    expect_log("load", "50 rounds");
    expect("destroy load", {});
    for (const unsigned i : {1u, count}) expect_log(name(i), "entered");
    for (unsigned i = 1; i <= count && !HasFailure(); ++i) expect("destroy " + name(i), {});
    // What the hypervisor once needed to note so many mappings and channels goes with the domains that had them.
    for (const char* service : {"xenstore", "console"}) expect("restart " + std::string(service), {"built again"});
    // The hypervisor keeps the page tables of as many descriptor windows (256 bytes each) as there were vCPUs at once.
    const long windows_kib = (count + 5) / 4 + 8;
    EXPECT_NEAR(static_cast<double>(free_memory()), static_cast<double>(free), static_cast<double>(windows_kib));
}

TEST_F(ManyLives, OneAfterTheOtherLeavesMemoryAsItWas) {
    const unsigned count = is_long() ? 1000 : 20;
    start({{"unikernel", "unikernel"}});
    const auto live = [this] {
        expect(create("short"), {});
        expect("destroy short", {});
    };
    live(); // whatever is made once and kept
    const long free = free_memory();
    for (unsigned i = 0; i < count && !HasFailure(); ++i) live();
    expect_free_memory(free);
}

// Guests that keep the store busy, an operator that creates and destroys, and now and then some service dies, wherever it just is.
TEST_F(ManyLives, ServicesAreKilledUnderLoad) {
    const unsigned kills = is_long() ? 200 : 8, clients = 3;
    start({{"unikernel", "unikernel"}, {"load", "store-load"}});
    const long free = free_memory();
    for (unsigned i = 1; i <= clients; ++i)
        expect("run --detach --name load-" + std::to_string(i) + " -m 4 image:load 1000000", {});
    std::atomic<bool> over = false;
    std::atomic<unsigned> lives = 0;
    std::thread second([&] {
        while (!over) {
            // May fail while what it needs is away; then there must be nothing left of it.
            if (skerry(create("passing")).status == 0) ++lives;
            (void)skerry("destroy passing");
        }
    });
    const unsigned seed = std::random_device()();
    std::mt19937 random(seed);
    SCOPED_TRACE("random numbers from " + std::to_string(seed));
    for (unsigned i = 0; i < kills; ++i) {
        usleep(static_cast<useconds_t>(random() % 700'000));
        const char* services[] = {"xenstore", "console", "builder", "toolstack"};
        const std::string service = services[i < 4 ? i : random() % 4];
        (void)skerry("restart " + service); // who asks while the toolstack is away is told so
    }
    over = true;
    second.join();
    (void)skerry("list");
    (void)skerry("destroy passing");
    EXPECT_GT(lives.load(), 0u);
    EXPECT_EQ(guests_by_info(), clients) << skerry("list").text;
    for (unsigned i = 1; i <= clients; ++i) {
        const std::string name = "load-" + std::to_string(i);
        const std::string before = skerry("log " + name).text;
        EXPECT_EQ(before.find("WRONG"), std::string::npos) << before;
        // It goes on.
        std::string after = before;
        for (int tries = 0; tries < 60 && after == before; ++tries) {
            sleep(1);
            after = skerry("log " + name).text;
        }
        EXPECT_NE(after, before) << name << " stands still:\n" << after;
        EXPECT_EQ(after.find("WRONG"), std::string::npos) << after;
        expect("destroy " + name, {});
    }
    expect_free_memory(free);
}

} // namespace
} // namespace skerry::test
