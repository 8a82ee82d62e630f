// SPDX-License-Identifier: MIT
// Random operations against the reference model: every answer and every event. A transaction that ends well must have
// been answered as if all of it happened at its end; one that conflicts must have met something that others changed.
#include "reference_model.h"

#include <gtest/gtest.h>
#include <random>

namespace skerry::xenstore::test {
namespace {

constexpr DomainId domains = 4;

class RandomRun {
  public:
    explicit RandomRun(unsigned seed) : random_(seed) {
        both(0, {XS_WRITE, "/s", ""});
        both(0, {XS_SET_PERMS, "/s", words({"n0", "b1", "b2", "r3"})});
    }
    void step() {
        const auto domain = static_cast<DomainId>(random_() % domains);
        Open& open = open_[domain];
        const unsigned what = random_() % 30;
        if (open.id != 0 && (what < 4 || open.done.size() > 12)) return finish(domain);
        if (open.id == 0 && what < 3) {
            open = {clients.begin(domain), {}, {}};
            return;
        }
        if (what == 4) return watch(domain);
        const Operation operation = random_operation();
        if (open.id == 0) return both(domain, operation);
        open.done.emplace_back(operation, ask(domain, operation, open.id));
    }

    unsigned well = 0, conflicts = 0;

  private:
    struct Open {
        std::uint32_t id = 0;
        std::vector<std::pair<Operation, std::string>> done;
        std::set<std::string> changed; ///< by others meanwhile
    };

    std::string random_path() {
        std::string path = "/s";
        for (unsigned i = random_() % 4; i > 0; --i)
            path.append("/").append(1, static_cast<char>('a' + random_() % 2)).append(random_() % 4 == 0 ? "-" : "");
        return path;
    }
    Operation random_operation() {
        static constexpr std::uint32_t types[] = {XS_WRITE, XS_WRITE,     XS_WRITE,     XS_MKDIR,
                                                  XS_RM,    XS_READ,      XS_READ,      XS_READ,
                                                  XS_READ,  XS_DIRECTORY, XS_GET_PERMS, XS_SET_PERMS};
        Operation operation{types[random_() % 12], random_path(), ""};
        if (operation.type == XS_RM && operation.path == "/s") operation.path = "/s/a";
        if (operation.type == XS_WRITE) operation.payload = std::to_string(random_() % 100);
        if (operation.type == XS_SET_PERMS)
            for (unsigned i = 1 + random_() % 3; i > 0; --i)
                operation.payload +=
                    words({std::string(1, "nrwb"[random_() % 4]) + std::to_string(random_() % domains)});
        return operation;
    }
    std::string ask(DomainId domain, const Operation& operation, std::uint32_t in) {
        const Reply reply = clients.ask(domain, operation.type, words({operation.path}) + operation.payload, in);
        return reply.type == XS_ERROR ? "!" + reply.outcome() : reply.payload;
    }
    void both(DomainId domain, const Operation& operation) {
        EXPECT_EQ(ask(domain, operation, 0), model_.perform(domain, operation))
            << operation.type << " " << operation.path;
        compare_events(true);
    }
    void watch(DomainId domain) {
        const std::string path = random_path(), token = std::to_string(model_.watches.size());
        if (model_.watches.size() > 20) {
            const auto old = model_.watches[random_() % model_.watches.size()];
            EXPECT_EQ(clients.outcome(old.domain, XS_UNWATCH, words({old.path, old.token})), "OK");
            std::erase_if(model_.watches, [&](const auto& w) {
                return w.domain == old.domain && w.path == old.path && w.token == old.token;
            });
            return;
        }
        if (clients.watch(domain, path, token) != "OK") return; // the same again
        model_.watches.push_back({domain, path, token});
        model_.events[domain].insert({path, token});
        compare_events(true);
    }
    void finish(DomainId domain) {
        Open open = std::exchange(open_[domain], {});
        const std::string outcome = clients.end(domain, open.id);
        if (outcome == "OK") {
            ++well;
            // Which of two reasons there was not to see what is not there may have changed: nobody depends on that.
            const auto same = [](const std::string& answer) { return answer == "!EACCES" ? "!ENOENT" : answer; };
            for (const auto& [operation, answer] : open.done)
                EXPECT_EQ(same(answer), same(model_.perform(domain, operation)))
                    << operation.type << " " << operation.path;
            compare_events(false);
        } else {
            ++conflicts;
            EXPECT_EQ(outcome, "EAGAIN");
            bool met = false;
            for (const auto& [operation, answer] : open.done)
                for (const std::string& path : open.changed)
                    met |= ReferenceModel::is_below(path, operation.path) ||
                           ReferenceModel::is_below(operation.path, path);
            EXPECT_TRUE(met);
        }
    }
    /// What happened also happened to the other transactions.
    void compare_events(bool exactly) {
        for (DomainId domain = 0; domain < domains; ++domain) {
            const auto list = clients.take_events(domain);
            const std::set<Event> seen(list.begin(), list.end());
            const auto expected = std::exchange(model_.events[domain], {});
            if (exactly)
                EXPECT_EQ(seen, expected) << domain;
            else // a transaction also tells of the nodes that it made on the way
                for (const Event& event : seen)
                    EXPECT_TRUE(expected.contains(event) || model_.changed.contains(event.path))
                        << domain << event.path;
            open_[domain].changed.insert(model_.changed.begin(), model_.changed.end());
        }
        model_.changed.clear();
    }

  public:
    Clients clients{domains - 1};

  private:
    std::mt19937 random_;
    ReferenceModel model_;
    Open open_[domains];
};

TEST(Model, RandomOperationsAreAnsweredAsItSays) {
    unsigned well = 0, conflicts = 0;
    for (unsigned seed = 1; seed <= 20 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        RandomRun run(seed);
        for (int i = 0; i < 1500 && !testing::Test::HasFailure(); ++i) run.step();
        EXPECT_EQ(run.clients.store.inconsistency(), "");
        well += run.well;
        conflicts += run.conflicts;
    }
    EXPECT_GT(well, 200u);
    EXPECT_GT(conflicts, 100u);
}

} // namespace
} // namespace skerry::xenstore::test
