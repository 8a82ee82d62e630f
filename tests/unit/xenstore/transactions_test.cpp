// SPDX-License-Identifier: MIT
// Transactions: apart until they end, whole or not at all, and in conflict only when they are.
#include "clients.h"

#include <gtest/gtest.h>

namespace skerry::xenstore::test {
namespace {

TEST(Transactions, AreSeenWhenTheyEnd) {
    Clients clients;
    clients.write(1, "data/old", "1");
    const std::uint32_t t = clients.begin(1);
    ASSERT_NE(t, 0u);
    EXPECT_EQ(clients.write(1, "data/a/b", "new", t), "OK");
    EXPECT_EQ(clients.write(1, "data/old", "2", t), "OK");
    EXPECT_EQ(clients.read(1, "data/a/b", t), "new");
    EXPECT_EQ(clients.list(1, "data", t), "a old ");
    EXPECT_EQ(clients.read(1, "data/a/b"), "!ENOENT");
    EXPECT_EQ(clients.read(1, "data/old"), "1");
    EXPECT_EQ(clients.end(1, t), "OK");
    EXPECT_EQ(clients.read(1, "data/a/b"), "new");
    EXPECT_EQ(clients.read(1, "data/old"), "2");
    EXPECT_EQ(clients.end(1, t), "ENOENT") << "over";
    EXPECT_EQ(clients.store.inconsistency(), "");
}

TEST(Transactions, CanBeGivenUp) {
    Clients clients;
    const std::uint32_t t = clients.begin(1);
    clients.write(1, "data/x", "1", t);
    EXPECT_EQ(clients.end(1, t, false), "OK");
    EXPECT_EQ(clients.read(1, "data/x"), "!ENOENT");
    EXPECT_EQ(clients.outcome(1, XS_TRANSACTION_END, words({"T"})), "ENOENT");
    EXPECT_EQ(clients.outcome(1, XS_TRANSACTION_END, words({"X"})), "EINVAL");
    const std::uint32_t u = clients.begin(1);
    for (const std::string& payload : {words({"X"}), words({"T", ""}), "T"s, words({"t"}), ""s})
        EXPECT_EQ(clients.outcome(1, XS_TRANSACTION_END, payload, u), "EINVAL");
    EXPECT_EQ(clients.end(1, u, false), "OK") << "it is still there";
    EXPECT_EQ(clients.outcome(1, XS_TRANSACTION_START, words({""}), clients.begin(1)), "EBUSY");
    EXPECT_EQ(clients.store.inconsistency(), "");
}

TEST(Transactions, ThatAreNotThereAreNamedByNoRequest) {
    Clients clients;
    for (std::uint32_t type = 0; type < XS_TYPE_COUNT; ++type) {
        const bool ignored = type == XS_WATCH || type == XS_UNWATCH;
        const bool unknown = type == XS_WATCH_EVENT || type == XS_ERROR || type == XS_SET_TARGET + 1;
        EXPECT_EQ(clients.outcome(0, type, "", 77), ignored ? "EINVAL" : unknown ? "ENOSYS" : "ENOENT") << type;
    }
    const std::uint32_t t = clients.begin(0);
    EXPECT_EQ(clients.ask(0, XS_GET_DOMAIN_PATH, words({"7"}), t).payload, words({"/local/domain/7"}));
    EXPECT_EQ(clients.outcome(0, XS_WATCH, words({"/x", "t"}), 77), "OK");
    EXPECT_EQ(clients.outcome(0, XS_RESET_WATCHES, words({""}), t), "OK");
    EXPECT_EQ(clients.end(0, t), "ENOENT");
}

TEST(Transactions, RemovingAndMakingAgain) {
    Clients clients;
    clients.write(1, "data/d/x", "1");
    clients.write(1, "data/d/y", "2");
    const std::uint32_t t = clients.begin(1);
    EXPECT_EQ(clients.outcome(1, XS_RM, words({"data/d"}), t), "OK");
    EXPECT_EQ(clients.read(1, "data/d/x", t), "!ENOENT");
    EXPECT_EQ(clients.list(1, "data", t), "");
    EXPECT_EQ(clients.write(1, "data/d/z", "3", t), "OK");
    EXPECT_EQ(clients.list(1, "data/d", t), "z ");
    EXPECT_EQ(clients.write(1, "data/d/x", "4", t), "OK");
    EXPECT_EQ(clients.outcome(1, XS_RM, words({"data/d/z"}), t), "OK");
    EXPECT_EQ(clients.list(1, "data/d", t), "x ");
    EXPECT_EQ(clients.list(1, "data/d"), "x y ");
    EXPECT_EQ(clients.end(1, t), "OK");
    EXPECT_EQ(clients.list(1, "data/d"), "x ");
    EXPECT_EQ(clients.read(1, "data/d/x"), "4");
    EXPECT_EQ(clients.store.inconsistency(), "");
}

struct Case {
    const char* name;
    std::vector<std::pair<std::uint32_t, std::string>> inside, outside;
    const char* outcome;
};

// What one does in a transaction, what another does meanwhile, and what comes of it. /s has a value and the children x and y.
TEST(Transactions, ConflictOnlyWhereTheyTouch) {
    const auto read = [](const char* p) { return std::pair<std::uint32_t, std::string>(XS_READ, words({p})); };
    const auto write = [](const char* p) { return std::pair<std::uint32_t, std::string>(XS_WRITE, words({p}) + "v"); };
    const auto list = [](const char* p) { return std::pair<std::uint32_t, std::string>(XS_DIRECTORY, words({p})); };
    const auto rm = [](const char* p) { return std::pair<std::uint32_t, std::string>(XS_RM, words({p})); };
    const auto allow = [](const char* p) {
        return std::pair<std::uint32_t, std::string>(XS_SET_PERMS, words({p, "b0"}));
    };
    const Case cases[] = {
        {"read, written", {read("/s/x")}, {write("/s/x")}, "EAGAIN"},
        {"written, written", {write("/s/x")}, {write("/s/x")}, "EAGAIN"},
        {"read, read", {read("/s/x")}, {read("/s/x")}, "OK"},
        {"read, sibling written", {read("/s/x")}, {write("/s/y")}, "OK"},
        {"read, child made", {read("/s/x")}, {write("/s/x/new")}, "OK"},
        {"read, parent written", {read("/s/x")}, {write("/s")}, "OK"},
        {"two children of one node", {write("/s/one")}, {write("/s/two")}, "OK"},
        {"the same child twice", {write("/s/one")}, {write("/s/one")}, "EAGAIN"},
        {"listed, child made", {list("/s")}, {write("/s/new")}, "EAGAIN"},
        {"listed, child removed", {list("/s")}, {rm("/s/x")}, "EAGAIN"},
        {"listed, child written", {list("/s")}, {write("/s/x")}, "OK"},
        {"listed, grandchild made", {list("/s")}, {write("/s/x/new")}, "OK"},
        {"absent, made", {read("/s/no")}, {write("/s/no")}, "EAGAIN"},
        {"absent, made and removed", {read("/s/no")}, {write("/s/no"), rm("/s/no")}, "OK"},
        {"absent, permissions above", {read("/s/x/no")}, {allow("/s/x")}, "EAGAIN"},
        {"removed though absent, permissions above", {rm("/s/x/no")}, {allow("/s/x")}, "EAGAIN"},
        {"absent below, parent made", {read("/s/no/no")}, {write("/s/no")}, "OK"},
        {"read, removed and made again", {read("/s/x")}, {rm("/s/x"), write("/s/x")}, "EAGAIN"},
        {"child made, parent removed", {write("/s/x/new")}, {rm("/s/x")}, "EAGAIN"},
        {"child made, parent written", {write("/s/x/new")}, {write("/s/x")}, "OK"},
        {"child made, parent's permissions", {write("/s/x/new")}, {allow("/s/x")}, "EAGAIN"},
        {"removed, written", {rm("/s/x")}, {write("/s/x")}, "EAGAIN"},
        {"removed, removed", {rm("/s/x")}, {rm("/s/x")}, "EAGAIN"},
        {"removed, child made", {rm("/s/x")}, {write("/s/x/new")}, "OK"},
        {"permissions, permissions", {allow("/s/x")}, {allow("/s/x")}, "EAGAIN"},
        {"permissions, written", {allow("/s/x")}, {write("/s/x")}, "OK"},
        {"far away", {read("/s/x"), write("/s/y")}, {write("/other/thing")}, "OK"},
    };
    for (const Case& c : cases) {
        Clients clients;
        for (const char* path : {"/s", "/s/x", "/s/y"}) ASSERT_EQ(clients.write(0, path, "0"), "OK");
        const std::uint32_t t = clients.begin(0);
        for (const auto& [type, payload] : c.inside) (void)clients.ask(0, type, payload, t);
        for (const auto& [type, payload] : c.outside) EXPECT_EQ(clients.outcome(0, type, payload), "OK") << c.name;
        EXPECT_EQ(clients.end(0, t), c.outcome) << c.name;
        EXPECT_EQ(clients.store.inconsistency(), "");
    }
}

TEST(Transactions, FireWatchesWhenTheyEnd) {
    Clients clients;
    clients.watch(1, "data", "t");
    clients.take_events(1);
    const std::uint32_t t = clients.begin(1);
    clients.write(1, "data/a", "1", t);
    clients.write(1, "data/b", "1", t);
    clients.outcome(1, XS_RM, words({"data/a"}), t);
    EXPECT_TRUE(clients.take_events(1).empty());
    EXPECT_EQ(clients.end(1, t), "OK");
    EXPECT_EQ(clients.take_events(1), (std::vector<Event>{{"data/b", "t"}}));
}

TEST(Transactions, WhoseNodesOthersRemoveFailAndDoNoHarm) {
    Clients clients;
    clients.write(1, "data/a", "1");
    const std::uint32_t t = clients.begin(1);
    EXPECT_EQ(clients.write(1, "data/a", "2", t), "OK");
    clients.outcome(1, XS_RM, words({"data/a"}));
    EXPECT_EQ(clients.read(1, "data/a", t), "!ENOENT");
    EXPECT_EQ(clients.list(1, "data", t), "");
    EXPECT_EQ(clients.outcome(1, XS_GET_PERMS, words({"data/a"}), t), "ENOENT");
    EXPECT_EQ(clients.write(1, "data/a/b", "3", t), "OK");
    EXPECT_EQ(clients.read(1, "data/a/b", t), "3");
    EXPECT_EQ(clients.end(1, t), "EAGAIN");
    EXPECT_EQ(clients.store.inconsistency(), "");
}

TEST(Transactions, OfAClientThatWentAreForgotten) {
    Clients clients;
    const std::uint32_t t = clients.begin(1);
    clients.write(1, "data/a", "1", t);
    EXPECT_EQ(clients.outcome(1, XS_RESET_WATCHES, words({""})), "OK");
    EXPECT_EQ(clients.end(1, t), "ENOENT");
    clients.write(1, "data/a", "1", clients.begin(1));
    clients.store.disconnect(1);
    EXPECT_EQ(clients.store.inconsistency(), "");
}

} // namespace
} // namespace skerry::xenstore::test
