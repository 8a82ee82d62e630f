// SPDX-License-Identifier: MIT
// Nodes, paths and permissions.
#include "clients.h"

#include <gtest/gtest.h>

namespace skerry::xenstore::test {
namespace {

TEST(Nodes, WhatIsWrittenIsRead) {
    Clients clients;
    EXPECT_EQ(clients.write(1, "data/a/b", "value"), "OK");
    EXPECT_EQ(clients.read(1, "data/a/b"), "value");
    EXPECT_EQ(clients.read(1, "/local/domain/1/data/a/b"), "value");
    EXPECT_EQ(clients.read(1, "data/a"), "") << "a parent made on the way";
    EXPECT_EQ(clients.list(1, "data"), "a ");
    const std::string binary = "x\0y\xff"s;
    EXPECT_EQ(clients.write(1, "data/a/b", binary), "OK");
    EXPECT_EQ(clients.read(1, "data/a/b"), binary);
}

TEST(Nodes, MakingAndRemoving) {
    Clients clients;
    EXPECT_EQ(clients.write(1, "data/a", "kept"), "OK");
    EXPECT_EQ(clients.outcome(1, XS_MKDIR, words({"data/a"})), "OK");
    EXPECT_EQ(clients.read(1, "data/a"), "kept");
    EXPECT_EQ(clients.outcome(1, XS_MKDIR, words({"data/b/c"})), "OK");
    EXPECT_EQ(clients.list(1, "data"), "a b ");
    EXPECT_EQ(clients.outcome(1, XS_RM, words({"data/b"})), "OK");
    EXPECT_EQ(clients.read(1, "data/b/c"), "!ENOENT");
    EXPECT_EQ(clients.outcome(1, XS_RM, words({"data/b"})), "OK") << "gone already";
    EXPECT_EQ(clients.outcome(1, XS_RM, words({"data/b/c"})), "ENOENT") << "no parent";
    EXPECT_EQ(clients.outcome(0, XS_RM, words({"/"})), "EINVAL");
    EXPECT_EQ(clients.outcome(1, XS_RM, words({"/"})), "EACCES");
    EXPECT_EQ(clients.store.inconsistency(), "");
}

TEST(Nodes, PathsAreChecked) {
    Clients clients;
    for (const char* path :
         {"", "data/", "data//a", "data/a b", "/local/domain/1/", "data/\xc3\xa4", "@introduceDomain", "//"})
        EXPECT_EQ(clients.read(1, path), "!EINVAL") << path;
    EXPECT_EQ(clients.write(0, "/" + std::string(longest_path - 1, 'x'), ""), "OK");
    EXPECT_EQ(clients.write(0, "/" + std::string(longest_path, 'x'), ""), "EINVAL");
    EXPECT_EQ(clients.write(0, std::string(longest_relative_path + 1, 'x'), ""), "EINVAL");
    EXPECT_EQ(clients.list(0, "/"), "local " + std::string(longest_path - 1, 'x') + " ");
}

TEST(Nodes, PathsOfAnyHomeMayBeAsLong) {
    Clients clients;
    const std::string longest(longest_relative_path - 5, 'x');
    EXPECT_EQ(clients.write(1, "data/" + longest, ""), "OK");
    EXPECT_EQ(clients.read(1, "/local/domain/1/data/" + longest), "");
    EXPECT_EQ(clients.write(1, "data/x" + longest, ""), "EINVAL");
    EXPECT_EQ(clients.read(1, "/local/domain/1/data/x" + longest), "!EINVAL");
    EXPECT_EQ(clients.watch(1, "data/x" + longest, "t"), "EINVAL");
    EXPECT_EQ(clients.read(1, "/local/domainx1/data/" + longest), "!EINVAL") << "no home";
    EXPECT_EQ(clients.read(1, "/local/domain/x/data/" + longest), "!EINVAL");
    EXPECT_EQ(clients.read(1, "/local/domain/123456/data/" + longest), "!EINVAL");
    EXPECT_EQ(clients.read(1, "/local/domain/12345/data/" + longest), "!EACCES");
}

TEST(Nodes, VeryDeepPathsNeedNoStack) {
    Clients clients;
    std::string path;
    while (path.size() + 2 <= longest_path) path += "/d";
    EXPECT_EQ(clients.write(0, path, "deep"), "OK");
    EXPECT_EQ(clients.read(0, path), "deep");
    const std::uint32_t transaction = clients.begin(0);
    EXPECT_EQ(clients.write(0, path, "deeper", transaction), "OK");
    EXPECT_EQ(clients.end(0, transaction), "OK");
    EXPECT_EQ(clients.watch(0, path, "t"), "OK");
    EXPECT_EQ(clients.outcome(0, XS_RM, words({"/d"})), "OK");
    EXPECT_EQ(clients.take_events(0).size(), 2u);
    EXPECT_EQ(clients.store.inconsistency(), "");
}

TEST(Nodes, MalformedRequestsAreRefused) {
    Clients clients;
    EXPECT_EQ(clients.outcome(1, XS_READ, "data"), "EINVAL") << "no zero";
    EXPECT_EQ(clients.outcome(1, XS_READ, words({"data", "more"})), "EINVAL");
    EXPECT_EQ(clients.outcome(1, XS_WRITE, "data/a"), "EINVAL");
    EXPECT_EQ(clients.outcome(1, XS_SET_PERMS, words({"data"})), "EINVAL");
    EXPECT_EQ(clients.outcome(1, XS_SET_PERMS, words({"data", "x1"})), "EINVAL");
    EXPECT_EQ(clients.outcome(1, XS_SET_PERMS, words({"data", "n99999"})), "EINVAL");
    EXPECT_EQ(clients.outcome(1, XS_SET_PERMS, words({"/local", "x1"})), "EINVAL") << "seen before any node is";
    EXPECT_EQ(clients.outcome(1, XS_SET_PERMS, words({"data", "n1"}) + "reserved"), "OK");
    EXPECT_EQ(clients.outcome(1, XS_READ, words({"data"}), 77), "ENOENT") << "no such transaction";
    EXPECT_EQ(clients.outcome(1, XS_WATCH_EVENT, ""), "ENOSYS");
    EXPECT_EQ(clients.outcome(1, 20, ""), "ENOSYS") << "RESTRICT is no more";
    EXPECT_EQ(clients.outcome(1, 12345, ""), "ENOSYS");
    EXPECT_EQ(clients.outcome(1, XS_INVALID, ""), "ENOSYS");
    EXPECT_EQ(clients.read(1, "data"), "");
}

TEST(Nodes, LongListsComeInParts) {
    Clients clients;
    std::string expected;
    for (int i = 100; i < 600; ++i) {
        const std::string name = "node-" + std::to_string(i);
        EXPECT_EQ(clients.write(0, "/many/" + name, ""), "OK");
        expected += name + '\0';
    }
    EXPECT_EQ(clients.list(0, "/many"), "!E2BIG");
    std::string names, count;
    for (bool end = false; !end;) {
        const Reply reply = clients.ask(0, XS_DIRECTORY_PART, words({"/many", std::to_string(names.size())}));
        ASSERT_EQ(reply.outcome(), "OK");
        const std::size_t zero = reply.payload.find('\0');
        if (!count.empty()) { EXPECT_EQ(reply.payload.substr(0, zero), count); }
        count = reply.payload.substr(0, zero);
        std::string part = reply.payload.substr(zero + 1);
        end = part.size() == 1 || part.ends_with("\0\0"s);
        if (end) part.pop_back();
        names += part;
        ASSERT_LE(names.size(), expected.size());
    }
    EXPECT_EQ(names, expected);
    const auto counts_on = [&] {
        const std::string before =
            std::exchange(count, words({clients.ask(0, XS_DIRECTORY_PART, words({"/many", "0"})).payload.c_str()}));
        return before != count;
    };
    EXPECT_TRUE(counts_on());
    EXPECT_FALSE(counts_on());
    clients.write(0, "/many/zzz", "");
    EXPECT_TRUE(counts_on());
    clients.write(0, "/many/zzz", "changed below");
    EXPECT_FALSE(counts_on());
    clients.write(0, "/many", "its value");
    EXPECT_TRUE(counts_on());
    clients.allow(0, "/many", {"r0"});
    EXPECT_TRUE(counts_on());
    EXPECT_EQ(clients.outcome(0, XS_DIRECTORY_PART, words({"/many"})), "EINVAL");
    EXPECT_EQ(clients.outcome(0, XS_DIRECTORY_PART, words({"/many", "-1"})), "EINVAL");
    EXPECT_EQ(clients.outcome(0, XS_DIRECTORY_PART, words({"/many", "999999"})), "OK");
}

TEST(Permissions, AGuestHasItsHomeAndNoMore) {
    Clients clients;
    EXPECT_EQ(clients.read(1, "name"), "d1");
    EXPECT_EQ(clients.read(1, "domid"), "1");
    EXPECT_EQ(clients.write(1, "control/shutdown", ""), "OK");
    EXPECT_EQ(clients.write(1, "name", "other"), "EACCES");
    EXPECT_EQ(clients.write(1, "device/vif/0/state", "4"), "EACCES");
    EXPECT_EQ(clients.outcome(1, XS_RM, words({"name"})), "EACCES");
    EXPECT_EQ(clients.read(1, "/local/domain/2/name"), "!EACCES");
    EXPECT_EQ(clients.read(1, "/local/domain/9/name"), "!EACCES") << "what is not there is no news either";
    EXPECT_EQ(clients.list(1, "/local/domain"), "!EACCES");
    EXPECT_EQ(clients.write(1, "/new", ""), "EACCES");
    EXPECT_EQ(clients.read(0, "/local/domain/2/name"), "d2");
}

TEST(Permissions, RemovingTellsNobodyWhatIsThere) {
    Clients clients;
    for (const char* path : {"/local/domain/2/name", "/local/domain/2/no", "/local/domain/9", "/local/domain/9/name"}) {
        EXPECT_EQ(clients.outcome(1, XS_RM, words({path})), "EACCES") << path;
        EXPECT_EQ(clients.outcome(1, XS_RM, words({path}), clients.begin(1)), "EACCES") << path;
    }
    EXPECT_EQ(clients.outcome(1, XS_RM, words({"no"})), "EACCES") << "it may read here, and not write";
    EXPECT_EQ(clients.outcome(1, XS_RM, words({"data/no"})), "OK");
    EXPECT_EQ(clients.outcome(1, XS_RM, words({"data/no/no"})), "ENOENT");
}

TEST(Permissions, AreInheritedAndOwnedByTheMaker) {
    Clients clients;
    EXPECT_EQ(clients.write(0, "/shared", ""), "OK");
    EXPECT_EQ(clients.allow(0, "/shared", {"n0", "b1", "r2"}), "OK");
    EXPECT_EQ(clients.write(1, "/shared/one", "x"), "OK");
    EXPECT_EQ(clients.ask(1, XS_GET_PERMS, words({"/shared/one"})).payload, words({"n1", "b1", "r2"}));
    EXPECT_EQ(clients.read(2, "/shared/one"), "x");
    EXPECT_EQ(clients.write(2, "/shared/one", "y"), "EACCES");
    EXPECT_EQ(clients.read(3, "/shared/one"), "!EACCES");
    EXPECT_EQ(clients.allow(2, "/shared/one", {"n2"}), "EACCES");
    EXPECT_EQ(clients.allow(1, "/shared/one", {"n2"}), "EPERM") << "nobody gives nodes away";
    EXPECT_EQ(clients.allow(1, "/shared/one", {"r1", "n2"}), "OK");
    EXPECT_EQ(clients.read(3, "/shared/one"), "x") << "all others";
    EXPECT_EQ(clients.read(2, "/shared/one"), "!EACCES") << "but not this one";
    EXPECT_EQ(clients.allow(0, "/shared/one", {"w2"}), "OK");
    EXPECT_EQ(clients.read(2, "/shared/one"), "x") << "the owner may, whatever is said of all";
    EXPECT_EQ(clients.read(1, "/shared/one"), "!EACCES");
    EXPECT_EQ(clients.write(1, "/shared/one", "z"), "OK") << "write only";
    EXPECT_EQ(clients.store.inconsistency(), "");
}

TEST(Permissions, OfADomainThatWentMeanNobody) {
    Clients clients;
    clients.write(0, "/shared", "");
    clients.allow(0, "/shared", {"n0", "b1"});
    clients.write(0, "/shared/theirs", "secret");
    clients.allow(0, "/shared/theirs", {"n0", "r1"});
    clients.write(1, "/shared/mine", "");
    clients.store.disconnect(1);
    EXPECT_EQ(clients.read(0, "/shared/mine"), "!ENOENT") << "its nodes go with it";
    EXPECT_EQ(clients.read(0, "/local/domain/1"), "!ENOENT");
    clients.store.connect(1, 9, "new", {});
    EXPECT_EQ(clients.read(1, "name"), "new");
    EXPECT_EQ(clients.read(1, "/shared/theirs"), "!EACCES");
    EXPECT_EQ(clients.write(1, "/shared/x", ""), "EACCES");
    clients.write(0, "/shared/inherits", "");
    EXPECT_EQ(clients.ask(0, XS_GET_PERMS, words({"/shared/inherits"})).payload, words({"n0"}));
    clients.allow(0, "/shared/theirs", {"n0", "r1"});
    EXPECT_EQ(clients.read(1, "/shared/theirs"), "secret") << "what is said now means the new one";
    EXPECT_EQ(clients.store.inconsistency(), "");
}

TEST(Permissions, AnAgentHasItsTargetsRights) {
    Clients clients;
    EXPECT_EQ(clients.outcome(1, XS_SET_TARGET, words({"1", "2"})), "EACCES");
    EXPECT_EQ(clients.outcome(0, XS_SET_TARGET, words({"1", "7"})), "ENOENT");
    EXPECT_EQ(clients.read(1, "/local/domain/2/data"), "!EACCES");
    EXPECT_EQ(clients.outcome(0, XS_SET_TARGET, words({"1", "2"})), "OK");
    EXPECT_EQ(clients.write(1, "/local/domain/2/data/x", "1"), "OK");
    EXPECT_EQ(clients.read(2, "data/x"), "!EACCES") << "the agent's own";
    EXPECT_EQ(clients.read(1, "/local/domain/2/name"), "d2");
    EXPECT_EQ(clients.read(1, "/local/domain/3/name"), "!EACCES");
    clients.store.disconnect(2);
    clients.store.connect(2, 5, "new", {});
    EXPECT_EQ(clients.read(1, "/local/domain/2/name"), "!EACCES");
    EXPECT_EQ(clients.store.inconsistency(), "");
}

} // namespace
} // namespace skerry::xenstore::test
