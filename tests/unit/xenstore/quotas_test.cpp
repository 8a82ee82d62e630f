// SPDX-License-Identifier: MIT
// Quotas: each is kept, named when it is used up, and somebody else's use of it is nobody's business.
#include "clients.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace skerry::xenstore::test {
namespace {

bool was_refused(const Clients& clients, DomainId domain, Quota quota) {
    for (const auto& refusal : clients.refusals)
        if (refusal == std::pair(domain, quota)) return true;
    return false;
}

TEST(Quotas, OfNodes) {
    Clients clients;
    const std::uint32_t before = clients.used("nodes", 1);
    clients.store.set_quota(Quota::nodes, before + 3);
    EXPECT_EQ(clients.write(1, "data/a/b", ""), "OK");
    EXPECT_EQ(clients.write(1, "data/c/d", ""), "ENOSPC") << "two more, one too many";
    EXPECT_TRUE(was_refused(clients, 1, Quota::nodes));
    EXPECT_EQ(clients.list(1, "data"), "a ");
    EXPECT_EQ(clients.write(1, "data/c", ""), "OK");
    EXPECT_EQ(clients.write(2, "data/a", ""), "OK");
    EXPECT_EQ(clients.write(0, "/a/b/c/d/e/f/g/h/i/j/k", ""), "OK") << "who controls is free of it";
    EXPECT_EQ(clients.outcome(1, XS_RM, words({"data/a"})), "OK");
    EXPECT_EQ(clients.write(1, "data/d/e", ""), "OK");
    EXPECT_EQ(clients.used("nodes", 1), before + 3);
}

TEST(Quotas, OfNodesInTransactions) {
    Clients clients;
    clients.store.set_quota(Quota::nodes, clients.used("nodes", 1) + 3);
    const std::uint32_t t = clients.begin(1), u = clients.begin(1);
    EXPECT_EQ(clients.write(1, "data/a/b", "", t), "OK");
    EXPECT_EQ(clients.write(1, "data/c/d", "", t), "ENOSPC");
    EXPECT_EQ(clients.write(1, "data/e/f", "", u), "OK");
    EXPECT_EQ(clients.end(1, t), "OK");
    EXPECT_EQ(clients.end(1, u), "ENOSPC") << "together they are too many";
    EXPECT_EQ(clients.list(1, "data"), "a ");
    EXPECT_EQ(clients.store.inconsistency(), "");
}

TEST(Quotas, OfNodesDoNotCountWhatATransactionRemovesAgain) {
    Clients clients;
    clients.store.set_quota(Quota::nodes, clients.used("nodes", 1) + 2);
    const std::uint32_t t = clients.begin(1);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(clients.write(1, "data/a/b", "", t), "OK") << i;
        EXPECT_EQ(clients.outcome(1, XS_RM, words({i % 2 == 0 ? "data/a" : "data/a/b"}), t), "OK");
        EXPECT_EQ(clients.outcome(1, XS_RM, words({"data/a"}), t), "OK");
    }
    EXPECT_EQ(clients.write(1, "data/c", "", t), "OK");
    EXPECT_EQ(clients.end(1, t), "OK");
    EXPECT_EQ(clients.list(1, "data"), "c ");
}

TEST(Quotas, OfOtherThings) {
    Clients clients;
    clients.store.set_quota(Quota::node_size, 100);
    EXPECT_EQ(clients.write(1, "data/a", std::string(96, 'x')), "OK");
    EXPECT_EQ(clients.write(1, "data/a", std::string(97, 'x')), "ENOSPC");
    EXPECT_TRUE(was_refused(clients, 1, Quota::node_size));
    EXPECT_EQ(clients.allow(1, "data/a", {"n1", "r2"}), "ENOSPC") << "they take four bytes each";

    clients.store.set_quota(Quota::permissions, 2);
    clients.write(1, "data/a", "");
    EXPECT_EQ(clients.allow(1, "data/a", {"n1", "r2"}), "OK");
    EXPECT_EQ(clients.allow(1, "data/a", {"n1", "r2", "r3"}), "ENOSPC");
    EXPECT_TRUE(was_refused(clients, 1, Quota::permissions));

    clients.store.set_quota(Quota::path_length, 30);
    EXPECT_EQ(clients.write(1, "data/" + std::string(25, 'x'), ""), "OK") << "30, its home not counted";
    EXPECT_EQ(clients.write(1, "data/" + std::string(26, 'x'), ""), "EINVAL");
    EXPECT_TRUE(was_refused(clients, 1, Quota::path_length));

    clients.store.set_quota(Quota::watches, 2);
    EXPECT_EQ(clients.watch(1, "data", "a"), "OK");
    EXPECT_EQ(clients.watch(1, "data", "b"), "OK");
    EXPECT_EQ(clients.watch(1, "data", "c"), "E2BIG");
    EXPECT_TRUE(was_refused(clients, 1, Quota::watches));
    EXPECT_EQ(clients.watch(2, "data", "c"), "OK");

    clients.store.set_quota(Quota::transactions, 1);
    const std::uint32_t t = clients.begin(1);
    EXPECT_NE(t, 0u);
    EXPECT_EQ(clients.begin(1), 0u);
    EXPECT_TRUE(was_refused(clients, 1, Quota::transactions));

    clients.store.set_quota(Quota::transaction_nodes, 5);
    EXPECT_EQ(clients.read(1, "data/a", t), "");
    EXPECT_EQ(clients.read(1, "data/b", t), "!ENOSPC");
    EXPECT_TRUE(was_refused(clients, 1, Quota::transaction_nodes));
    EXPECT_EQ(clients.store.inconsistency(), "");
}

TEST(Quotas, OfEverythingTogether) {
    Clients clients;
    clients.store.set_quota(Quota::total, clients.store.accounts().total() + 1000);
    EXPECT_EQ(clients.write(1, "data/a", std::string(500, 'x')), "OK");
    EXPECT_EQ(clients.write(1, "data/b", std::string(500, 'x')), "ENOSPC");
    EXPECT_TRUE(was_refused(clients, 1, Quota::total));
    EXPECT_EQ(clients.write(0, "/b", std::string(500, 'x')), "OK");
    EXPECT_EQ(clients.read(1, "data/a").size(), 500u);
    EXPECT_EQ(clients.outcome(1, XS_RM, words({"data/a"})), "OK");
}

TEST(Quotas, OfMemory) {
    Clients clients;
    clients.store.set_quota(Quota::memory, clients.used("memory", 1) + 6000);
    EXPECT_EQ(clients.write(1, "data/a", std::string(1000, 'x')), "OK");
    std::string deep = "data";
    for (int i = 0; i < 100; ++i) deep += "/x";
    EXPECT_EQ(clients.watch(1, deep, "t"), "ENOSPC") << "each name of its path takes some";
    EXPECT_TRUE(was_refused(clients, 1, Quota::memory));
    const std::uint32_t t = clients.begin(1);
    EXPECT_EQ(clients.read(1, deep, t), "!ENOSPC");
    EXPECT_EQ(clients.write(1, "data/b", std::string(2000, 'x'), t), "OK");
    EXPECT_EQ(clients.write(1, "data/c", std::string(1500, 'x')), "ENOSPC");
    EXPECT_EQ(clients.end(1, t, false), "OK");
    EXPECT_EQ(clients.write(1, "data/c", std::string(1500, 'x')), "OK");
    EXPECT_EQ(clients.write(2, "data/c", std::string(1500, 'x')), "OK");
    EXPECT_EQ(clients.store.inconsistency(), "");
}

TEST(Quotas, AClientThatDoesNotReadIsNotRead) {
    Clients clients;
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(clients.store.takes_input(1)) << i;
        clients.store.receive(1, message(XS_READ, words({"name"})));
    }
    EXPECT_FALSE(clients.store.takes_input(1));
    EXPECT_TRUE(clients.store.takes_input(2));
    clients.store.sent(1, clients.store.output(1).size());
    EXPECT_TRUE(clients.store.takes_input(1));
}

TEST(Quotas, EventsForAClientThatDoesNotReadAreFew) {
    Clients clients;
    clients.store.set_quota(Quota::output, 4096);
    clients.watch(1, "data", "a");
    clients.watch(1, "data/x", "b");
    clients.allow(1, "data", {"r1", "b2"});
    clients.drain_all();
    clients.take_events(1);
    for (int round = 0; round < 3; ++round)
        for (int i = 0; i < 2000; ++i)
            ASSERT_EQ(clients.write(2, "/local/domain/1/data/" + std::to_string(i % 400), ""), "OK");
    EXPECT_LE(clients.store.connection(1)->output.bytes(), clients.store.quotas()[Quota::output] + 200);
    EXPECT_TRUE(was_refused(clients, 1, Quota::output));
    clients.events[1].clear();
    const std::vector<Event> events = clients.take_events(1);
    EXPECT_NE(std::find(events.begin(), events.end(), Event{"data", "a"}), events.end())
        << "it knows that it missed some";
    std::set<Event> different(events.begin(), events.end());
    EXPECT_EQ(different.size(), events.size()) << "none waits twice";
    EXPECT_EQ(clients.store.inconsistency(), "");
}

TEST(Control, ShowsAndSetsQuotas) {
    Clients clients;
    EXPECT_EQ(clients.outcome(1, XS_CONTROL, words({"quota"})), "EACCES");
    EXPECT_NE(clients.ask(0, XS_CONTROL, words({"quota"})).payload.find("watches 128\n"), std::string::npos);
    EXPECT_EQ(clients.outcome(0, XS_CONTROL, words({"quota", "set", "watches", "5"})), "OK");
    EXPECT_NE(clients.ask(0, XS_CONTROL, words({"quota"})).payload.find("watches 5\n"), std::string::npos);
    EXPECT_EQ(clients.outcome(0, XS_CONTROL, words({"quota", "set", "dogs", "5"})), "EINVAL");
    EXPECT_EQ(clients.outcome(0, XS_CONTROL, words({"quota", "set", "watches", "x"})), "EINVAL");
    EXPECT_EQ(clients.ask(0, XS_CONTROL, words({"check"})).payload, words({"consistent"}));
    EXPECT_NE(clients.ask(0, XS_CONTROL, words({"help"})).payload.find("quota"), std::string::npos);
    EXPECT_EQ(clients.outcome(0, XS_CONTROL, words({"nonsense"})), "EINVAL");
    EXPECT_EQ(clients.outcome(0, XS_CONTROL, ""), "EINVAL");
}

} // namespace
} // namespace skerry::xenstore::test
