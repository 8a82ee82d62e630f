// SPDX-License-Identifier: MIT
// Watches: who is told what, and when.
#include "clients.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace skerry::xenstore::test {
namespace {

using Events = std::vector<Event>;

TEST(Watches, FireOnceAtTheBeginningAndForEachChange) {
    Clients clients;
    EXPECT_EQ(clients.watch(1, "data", "t"), "OK");
    EXPECT_EQ(clients.take_events(1), (Events{{"data", "t"}}));
    clients.write(1, "data/x", "1");
    clients.write(1, "data/x", "1");
    clients.outcome(1, XS_MKDIR, words({"data/x"}));
    EXPECT_EQ(clients.take_events(1), (Events{{"data/x", "t"}, {"data/x", "t"}}))
        << "making what is there is no change";
    clients.allow(1, "data/x", {"r1"});
    EXPECT_EQ(clients.take_events(1), (Events{{"data/x", "t"}}));
    clients.outcome(1, XS_RM, words({"data/x"}));
    EXPECT_EQ(clients.take_events(1), (Events{{"data/x", "t"}}));
    clients.write(1, "attr/x", "1");
    EXPECT_TRUE(clients.take_events(1).empty());
}

TEST(Watches, AreNamedByPathAndToken) {
    Clients clients;
    EXPECT_EQ(clients.watch(1, "data", "a"), "OK");
    EXPECT_EQ(clients.watch(1, "data", "b"), "OK");
    EXPECT_EQ(clients.watch(1, "/local/domain/1/data", "a"), "EEXIST") << "the same, by its whole path";
    clients.take_events(1);
    clients.write(1, "data/x", "");
    EXPECT_EQ(clients.take_events(1), (Events{{"data/x", "a"}, {"data/x", "b"}}));
    EXPECT_EQ(clients.outcome(1, XS_UNWATCH, words({"data", "c"})), "ENOENT");
    EXPECT_EQ(clients.outcome(1, XS_UNWATCH, words({"data", "a"})), "OK");
    clients.write(1, "data/x", "");
    EXPECT_EQ(clients.take_events(1), (Events{{"data/x", "b"}}));
    EXPECT_EQ(clients.outcome(1, XS_WATCH, words({"data"})), "EINVAL");
    EXPECT_EQ(clients.outcome(1, XS_WATCH, words({"data", "t", "1", "more"})), "EINVAL");
    EXPECT_EQ(clients.outcome(1, XS_UNWATCH, words({"data"})), "EINVAL");
    EXPECT_EQ(clients.outcome(1, XS_UNWATCH, words({"data", "b", ""})), "EINVAL");
    EXPECT_EQ(clients.outcome(1, XS_WATCH, words({"data//x", "t"})), "EINVAL");
    EXPECT_EQ(clients.outcome(1, XS_WATCH, words({"@x/", "t"})), "EINVAL");
    EXPECT_EQ(clients.used("watches", 1), 1u);
    EXPECT_EQ(clients.store.inconsistency(), "");
}

TEST(Watches, WithTokensThatLeaveNoRoomForAPathTellTheirOwn) {
    Clients clients;
    const std::string token(longest_payload - sizeof "data" - sizeof "/ab", 't');
    EXPECT_EQ(clients.watch(1, "data", token), "OK");
    EXPECT_EQ(clients.take_events(1), (Events{{"data", token}}));
    clients.write(1, "data/ab", "");
    clients.write(1, "data/abc", "");
    EXPECT_EQ(clients.take_events(1), (Events{{"data/ab", token}, {"data", token}}));
    const std::string longest(longest_payload - sizeof "data" - 1, 't');
    EXPECT_EQ(clients.watch(1, "data", longest), "OK");
    EXPECT_EQ(clients.take_events(1), (Events{{"data", longest}}));
    EXPECT_EQ(clients.store.inconsistency(), "");
}

TEST(Watches, AbsoluteOnesTellAbsolutePaths) {
    Clients clients;
    clients.watch(1, "/local/domain/1/data", "t");
    clients.take_events(1);
    clients.write(1, "data/x", "");
    EXPECT_EQ(clients.take_events(1), (Events{{"/local/domain/1/data/x", "t"}}));
}

TEST(Watches, BelowWhatIsRemovedTellTheirOwnPath) {
    Clients clients;
    clients.write(1, "data/a/b/c", "");
    clients.watch(1, "data/a/b", "below");
    clients.watch(1, "data", "above");
    clients.watch(1, "data/a/nothing/there", "nothing");
    clients.take_events(1);
    clients.outcome(1, XS_RM, words({"data/a"}));
    Events events = clients.take_events(1);
    std::sort(events.begin(), events.end());
    EXPECT_EQ(events, (Events{{"data/a", "above"}, {"data/a/b", "below"}, {"data/a/nothing/there", "nothing"}}));
}

TEST(Watches, AreToldToThoseWhoMayRead) {
    Clients clients;
    for (const DomainId domain : {1, 2, 3}) clients.watch(domain, "/shared", "t");
    clients.drain_all();
    for (const DomainId domain : {1, 2, 3}) clients.take_events(domain);
    clients.write(0, "/shared/x", "");
    for (const DomainId domain : {1, 2, 3}) EXPECT_TRUE(clients.take_events(domain).empty());
    clients.allow(0, "/shared/x", {"n0", "r1"});
    EXPECT_EQ(clients.take_events(1), (Events{{"/shared/x", "t"}}));
    EXPECT_TRUE(clients.take_events(2).empty());
    clients.allow(0, "/shared/x", {"r0", "n2"});
    EXPECT_EQ(clients.take_events(1), (Events{{"/shared/x", "t"}}));
    EXPECT_TRUE(clients.take_events(2).empty());
    EXPECT_EQ(clients.take_events(3), (Events{{"/shared/x", "t"}}));
    clients.allow(0, "/shared/x", {"n0"});
    EXPECT_EQ(clients.take_events(3), (Events{{"/shared/x", "t"}})) << "it could read until now";
    clients.allow(0, "/shared/x", {"n0", "r3"});
    clients.take_events(3);
    clients.outcome(0, XS_RM, words({"/shared"}));
    EXPECT_TRUE(clients.take_events(3).empty()) << "/shared itself it may not read";
}

TEST(Watches, AreToldToThoseWhoMayListTheParent) {
    Clients clients;
    clients.write(0, "/shared/list/x/y", "");
    clients.allow(0, "/shared/list", {"n0", "r1"});
    for (const char* path : {"/shared/list", "/shared/list/x"}) clients.watch(1, path, "t");
    clients.take_events(1);
    clients.write(0, "/shared/list/x", "not for it to read");
    EXPECT_EQ(clients.take_events(1), (Events{{"/shared/list/x", "t"}})) << "one event, whichever watch it came by";
    clients.write(0, "/shared/list/new", "");
    EXPECT_EQ(clients.take_events(1), (Events{{"/shared/list/new", "t"}}));
    clients.write(0, "/shared/list/x/y", "");
    EXPECT_TRUE(clients.take_events(1).empty()) << "it may read neither this nor its parent";
    clients.allow(0, "/shared/list/x", {"n0", "n1"});
    EXPECT_EQ(clients.take_events(1).size(), 1u);
    clients.outcome(0, XS_RM, words({"/shared/list/x"}));
    EXPECT_EQ(clients.take_events(1).size(), 1u);
    clients.write(0, "/shared/list/x/y", "");
    clients.take_events(1);
    clients.outcome(0, XS_RM, words({"/shared"}));
    Events events = clients.take_events(1);
    std::sort(events.begin(), events.end());
    EXPECT_EQ(events, (Events{{"/shared/list", "t"}, {"/shared/list/x", "t"}}));
}

TEST(Watches, OfDepth) {
    Clients clients;
    EXPECT_EQ(clients.outcome(1, XS_WATCH, words({"data", "0", "0"})), "OK");
    EXPECT_EQ(clients.outcome(1, XS_WATCH, words({"data", "1", "1"})), "OK");
    EXPECT_EQ(clients.outcome(1, XS_WATCH, words({"data", "reserved", ""})), "OK");
    EXPECT_EQ(clients.outcome(1, XS_WATCH, words({"data", "x", "deep"})), "EINVAL");
    clients.take_events(1);
    clients.write(1, "data", "");
    EXPECT_EQ(clients.take_events(1).size(), 3u);
    clients.write(1, "data/a", "");
    EXPECT_EQ(clients.take_events(1), (Events{{"data/a", "1"}, {"data/a", "reserved"}}));
    clients.write(1, "data/a/b", "");
    EXPECT_EQ(clients.take_events(1), (Events{{"data/a/b", "reserved"}}));
}

TEST(Watches, OfDomainsThatComeAndGo) {
    Clients clients;
    for (const char* name : {"@introduceDomain", "@releaseDomain", "@releaseDomain/2", "@other"})
        EXPECT_EQ(clients.watch(0, name, "t"), "OK");
    EXPECT_EQ(clients.outcome(0, XS_WATCH, words({"@releaseDomain", "deep", "1"})), "OK");
    EXPECT_EQ(clients.watch(1, "@releaseDomain", "t"), "OK");
    EXPECT_EQ(clients.take_events(0).size(), 5u);
    EXPECT_EQ(clients.take_events(1), (Events{{"@releaseDomain", "t"}}));
    clients.store.disconnect(2);
    Events events = clients.take_events(0);
    std::sort(events.begin(), events.end());
    EXPECT_EQ(events, (Events{{"@releaseDomain", "t"}, {"@releaseDomain/2", "deep"}, {"@releaseDomain/2", "t"}}));
    EXPECT_TRUE(clients.take_events(1).empty()) << "guests are told only if they may be";
    EXPECT_EQ(clients.outcome(1, XS_SET_PERMS, words({"@releaseDomain", "r1"})), "EACCES");
    EXPECT_EQ(clients.outcome(1, XS_GET_PERMS, words({"@releaseDomain"})), "EACCES");
    EXPECT_EQ(clients.outcome(1, XS_GET_PERMS, words({"@nothing"})), "EACCES");
    EXPECT_EQ(clients.outcome(0, XS_GET_PERMS, words({"@nothing"})), "ENOENT");
    EXPECT_EQ(clients.outcome(0, XS_SET_PERMS, words({"@nothing", "r1"})), "ENOENT");
    EXPECT_EQ(clients.outcome(0, XS_SET_PERMS, words({"@nothing/", "r1"})), "EINVAL");
    EXPECT_EQ(clients.outcome(0, XS_SET_PERMS, words({"@releaseDomain", "n0", "r1"})), "OK");
    EXPECT_EQ(clients.ask(1, XS_GET_PERMS, words({"@releaseDomain"})).payload, words({"n0", "r1"}));
    clients.store.disconnect(3);
    EXPECT_EQ(clients.take_events(1), (Events{{"@releaseDomain", "t"}}));
    clients.take_events(0);
    clients.store.connect(3, 7, "again", {});
    EXPECT_EQ(clients.take_events(0), (Events{{"@introduceDomain", "t"}}));
}

TEST(Watches, OfDomainsMayBeGivenToTheirOwner) {
    Clients clients;
    EXPECT_EQ(clients.allow(0, "@introduceDomain", {"n1", "r2"}), "OK");
    EXPECT_EQ(clients.allow(2, "@introduceDomain", {"n1"}), "EACCES");
    EXPECT_EQ(clients.allow(1, "@introduceDomain", {"n2"}), "EPERM");
    EXPECT_EQ(clients.allow(1, "@introduceDomain", {"n1", "r1", "r1", "r1", "r1", "r1"}), "ENOSPC");
    EXPECT_EQ(clients.allow(1, "@introduceDomain", {"n1", "r3"}), "OK");
    EXPECT_EQ(clients.ask(0, XS_GET_PERMS, words({"@introduceDomain"})).payload, words({"n1", "r3"}));
    clients.store.disconnect(1);
    clients.store.connect(1, 2, "another", {});
    EXPECT_EQ(clients.allow(1, "@introduceDomain", {"r1"}), "EACCES") << "another domain of its number";
}

TEST(Watches, GoWithTheirClient) {
    Clients clients;
    clients.watch(1, "data", "a");
    clients.watch(1, "data/x/y", "b");
    clients.watch(1, "data/x", "c");
    clients.watch(1, "@releaseDomain", "d");
    EXPECT_EQ(clients.used("watches", 1), 4u);
    EXPECT_EQ(clients.outcome(1, XS_RESET_WATCHES, words({""})), "OK");
    EXPECT_EQ(clients.used("watches", 1), 0u);
    clients.take_events(1);
    clients.write(1, "data/x/y", "");
    EXPECT_TRUE(clients.take_events(1).empty());
    EXPECT_EQ(clients.store.inconsistency(), "");
}

} // namespace
} // namespace skerry::xenstore::test
