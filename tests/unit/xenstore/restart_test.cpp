// SPDX-License-Identifier: MIT
// A server that is killed at any write to memory that outlives it, and the next one: what each client sees is, byte for
// byte, what it sees of a server that is never killed; and so is what the store then holds.
#include "clients.h"
#include "stubdoms/xenstore/store/ring.h"
#include "stubdoms/xenstore/store/snapshot.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <random>

namespace skerry::xenstore::test {
namespace {

constexpr DomainId clients = 4; ///< of which 0 controls, and 3 comes later by INTRODUCE
constexpr std::size_t area_size = 200 << 10, world_size = 64 << 10; ///< the smaller, the more snapshots

struct Killed {};
std::uint64_t writes, kill_at; // counted since the run's start; 0: never

void count_write() {
    if (++writes == kill_at) throw Killed{};
}

struct Step {
    enum Kind { ask, read, reconnect, leave, come } kind;
    DomainId client;
    std::string message;
    std::size_t amount;
};

std::string random_path(std::mt19937& random) {
    static const char* tops[] = {
        "data", "/shared", "/shared/deep", "data/x", "/local/domain/1/data", "control/shutdown", "/"};
    std::string path = tops[random() % 7];
    for (unsigned i = random() % 3; i > 0; --i)
        path.append(path == "/" ? "" : "/").append(1, static_cast<char>('a' + random() % 3));
    return path;
}

std::string random_message(std::mt19937& random) {
    const std::string path = random_path(random);
    const std::uint32_t transaction = random() % 2 == 0 ? 0 : random() % 4;
    const auto make = [&](std::uint32_t type, std::string_view payload, bool in = true) {
        return message(type, payload, in ? transaction : 0, random());
    };
    switch (random() % 20) {
    case 0: return make(XS_TRANSACTION_START, words({""}), false);
    case 1: return make(XS_TRANSACTION_END, words({random() % 4 == 0 ? "F" : "T"}));
    case 2: return make(XS_WATCH, words({path, std::to_string(random() % 2)}));
    case 3: return make(XS_UNWATCH, words({path, std::to_string(random() % 2)}));
    case 4: return make(XS_RM, words({path}));
    case 5: return make(XS_DIRECTORY, words({path}));
    case 6: return make(XS_SET_PERMS, words({path, "b0", "b" + std::to_string(random() % clients)}));
    case 7: return make(XS_GET_PERMS, words({path}));
    case 8: return make(XS_MKDIR, words({path}));
    case 9: return random() % 8 == 0 ? make(XS_RESET_WATCHES, words({""})) : make(XS_READ, words({path}));
    case 10: return make(XS_INTRODUCE, words({"3", "0", "8"}));
    case 11: return make(XS_DIRECTORY_PART, words({path, "0"}));
    case 12: return make(XS_CONTROL, words({"quota", "set", "transactions", std::to_string(2 + random() % 8)}));
    case 13: return random() % 4 == 0 ? make(XS_RELEASE, words({"3"})) : make(XS_SET_TARGET, words({"1", "2"}));
    case 14: return make(XS_WATCH, words({"@releaseDomain", "r"}));
    case 15:
    case 16: return make(XS_READ, words({path}));
    default: return make(XS_WRITE, words({path}).append(random() % (random() % 10 == 0 ? 1900 : 60), 'v'));
    }
}

std::vector<Step> random_steps(unsigned seed, std::size_t count) {
    std::mt19937 random(seed);
    std::vector<Step> steps;
    for (std::size_t i = 0; i < count; ++i) {
        const auto client = static_cast<DomainId>(random() % clients);
        const unsigned what = random() % 100;
        if (what < 70)
            steps.push_back({Step::ask, client, random_message(random), 0});
        else if (what < 97)
            steps.push_back({Step::read, client, {}, random() % 2 == 0 ? 2000 : random() % 200});
        else
            steps.push_back({what == 97   ? Step::reconnect
                             : what == 98 ? Step::leave
                                          : Step::come,
                             what == 97 ? client : DomainId{2},
                             {},
                             0});
    }
    return steps;
}

/// Memory that outlives servers, the clients, and the server of the day.
class World {
  public:
    World() : area_(world_size / 8) {
        std::memset(pages_, 0, sizeof pages_);
        guarded([this] { set_up(); });
    }

    void run(const std::vector<Step>& steps) {
        for (const Step& step : steps) {
            switch (step.kind) {
            case Step::ask: to_send_[step.client] += step.message; break;
            case Step::read: take(step.client, step.amount); break;
            case Step::reconnect: reconnect(step.client); break;
            case Step::leave: guarded([this] { leave(2); }); break;
            case Step::come: guarded([this] { set_up(); }); break;
            }
            put(step.client);
            serve(step.client);
        }
        for (int round = 0; round < 200; ++round)
            for (DomainId client = 0; client < clients; ++client) {
                take(client, 5000);
                put(client);
                serve(client);
            }
    }

    std::string received[clients];
    unsigned kills = 0;
    std::string kept() const {
        std::string bytes(area_size, '\0');
        const auto size =
            Snapshot::write(recorder_->store(), {reinterpret_cast<std::byte*>(bytes.data()), bytes.size()});
        bytes.resize(size.value());
        return bytes;
    }
    std::string_view inconsistency() const { return recorder_->store().inconsistency(); }
    bool recording() const { return recorder_->recording(); }

  private:
    Ring ring(DomainId client) { return Ring(pages_[client]); }

    /// A new server, as Server::start() does it.
    void begin() {
        recorder_ =
            std::make_unique<Recorder>(std::as_writable_bytes(std::span(area_)), std::set<DomainId>{0}, nobody_);
        (void)recorder_->resume();
        std::vector<DomainId> known;
        for (const auto& [domain, client] : recorder_->store().connections()) known.push_back(domain);
        for (const DomainId domain : known) {
            if (ring(domain).untouched()) { // it would be a new domain's
                recorder_->disconnect(domain);
                continue;
            }
            expect_nothing_ahead(domain);
            ring(domain).announce(*recorder_->store().connection(domain));
        }
        finish_introduction();
    }
    /// Whatever a client was told is recorded: it may have used the room, and read the bytes. But who begins anew is to
    /// look at nothing until that is over.
    void expect_nothing_ahead(DomainId domain) {
        const Store& store = recorder_->store();
        const xenstore_domain_interface& page = pages_[domain];
        const Connection& client = *store.connection(domain);
        if (page.connection != XENSTORE_CONNECTED || client.failure != 0 ||
            (store.introduction() && store.introduction()->domain == domain))
            return;
        EXPECT_LE(page.req_cons, client.taken) << domain;
        EXPECT_LE(page.rsp_prod, client.put) << domain;
    }
    /// Does something until it is done, by as many servers as that takes.
    template <class F> void guarded(F act) {
        for (;;) {
            try {
                if (!recorder_) begin();
                act();
                return;
            } catch (Killed) {
                ++kills;
                recorder_.reset();
            }
        }
    }
    void set_up() {
        for (DomainId client = 0; client < 3; ++client) {
            if (recorder_->store().connection(client) != nullptr) continue;
            if (client == 2) std::memset(&pages_[client], 0, sizeof pages_[client]);
            ring(client).connect(*recorder_, client, client + 1u, "guest");
        }
    }
    void leave(DomainId client) {
        recorder_->disconnect(client);
        to_send_[client].clear();
    }
    void finish_introduction() {
        if (!recorder_->store().introduction()) return;
        to_send_[3].clear(); // it begins anew, and its client with it
        ring(3).introduce(*recorder_);
    }
    void serve(DomainId client) {
        guarded([&] {
            while (ring(client).turn(*recorder_, client) == Ring::Result::again) finish_introduction();
            finish_introduction();
        });
    }
    void put(DomainId client) {
        auto& page = pages_[client];
        std::string& bytes = to_send_[client];
        std::size_t count = 0;
        while (count < bytes.size() && page.req_prod - page.req_cons < sizeof page.req)
            page.req[page.req_prod++ % sizeof page.req] = bytes[count++];
        bytes.erase(0, count);
    }
    void take(DomainId client, std::size_t most) {
        auto& page = pages_[client];
        for (; most > 0 && page.rsp_cons != page.rsp_prod; --most)
            received[client] += page.rsp[page.rsp_cons++ % sizeof page.rsp];
    }
    void reconnect(DomainId client) {
        to_send_[client].clear();
        if (pages_[client].server_features != 0) pages_[client].connection = XENSTORE_RECONNECT;
        received[client] += "[reconnected]";
        serve(client);
    }

    std::vector<std::uint64_t> area_;
    xenstore_domain_interface pages_[clients];
    std::string to_send_[clients];
    Surroundings nobody_;
    std::unique_ptr<Recorder> recorder_;
};

class Restart : public testing::Test {
  protected:
    void SetUp() override { minios::Journal::before_write = count_write; }
    void TearDown() override { minios::Journal::before_write = nullptr; }

    /// The run that nobody kills.
    void measure(const std::vector<Step>& steps) {
        writes = kill_at = 0;
        World world;
        world.run(steps);
        ASSERT_TRUE(world.recording());
        ASSERT_EQ(world.inconsistency(), "");
        total = writes;
        kept = world.kept();
        for (DomainId client = 0; client < clients; ++client) received[client] = world.received[client];
    }
    void compare(World& world) {
        EXPECT_EQ(world.inconsistency(), "");
        EXPECT_EQ(first_difference(world.kept(), kept), std::string::npos);
        for (DomainId client = 0; client < clients; ++client)
            EXPECT_EQ(first_difference(world.received[client], received[client]), std::string::npos) << client;
    }
    static std::size_t first_difference(const std::string& a, const std::string& b) {
        const auto at = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
        return a == b ? std::string::npos : static_cast<std::size_t>(at - a.begin());
    }

    std::uint64_t total = 0;
    std::string kept, received[clients];
};

TEST_F(Restart, AtEveryWriteOfAConversation) {
    const auto steps = random_steps(1, 120);
    measure(steps);
    ASSERT_GT(total, 500u);
    for (std::uint64_t at = 1; at <= total && !HasFailure(); ++at) {
        SCOPED_TRACE(at);
        writes = 0;
        kill_at = at;
        World world;
        world.run(steps);
        EXPECT_EQ(world.kills, 1u);
        compare(world);
    }
}

TEST_F(Restart, AgainAndAgainInLongConversations) {
    for (unsigned seed = 2; seed < 14 && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        const auto steps = random_steps(seed, 1500);
        measure(steps);
        std::mt19937 random(seed);
        writes = 0;
        kill_at = 20 + random() % 200;
        // Each server lives for some writes.
        minios::Journal::before_write = [] {
            static std::mt19937 lives(99);
            if (++writes != kill_at) return;
            kill_at += 30 + lives() % 400;
            throw Killed{};
        };
        World world;
        world.run(steps);
        minios::Journal::before_write = count_write;
        EXPECT_GT(world.kills, 10u);
        compare(world);
    }
}

// Two events that are the same, and what lies between them: a new server does not make one of them.
TEST_F(Restart, WhatWaitsIsSentBeforeMoreIsDone) {
    std::vector<Step> steps{{Step::ask, 1, message(XS_WATCH, words({"data", "t"})), 0}, {Step::read, 1, {}, 2000}};
    std::string writes_at_once;
    for (int i = 0; i < 6; ++i) writes_at_once += message(XS_WRITE, words({"data/x"}));
    steps.push_back({Step::ask, 1, writes_at_once, 0});
    measure(steps);
    EXPECT_EQ(received[1].size(), 7 * 19u + 16 + 7 + 6 * (16 + 9u)) << "no event is missing";
    for (std::uint64_t at = 1; at <= total && !HasFailure(); ++at) {
        SCOPED_TRACE(at);
        writes = 0;
        kill_at = at;
        World world;
        world.run(steps);
        compare(world);
    }
}

} // namespace
} // namespace skerry::xenstore::test
