// SPDX-License-Identifier: MIT
// Domains that come and go, and who may say so.
#include "clients.h"

#include <gtest/gtest.h>

namespace skerry::xenstore::test {
namespace {

TEST(Domains, AreIntroducedByWhoControls) {
    Clients clients;
    EXPECT_EQ(clients.outcome(1, XS_INTRODUCE, words({"9", "0", "3"})), "EACCES");
    for (const auto& payload :
         {words({"9", "0"}), words({"x", "0", "3"}), words({"9", "0", "0"}), words({"40000", "0", "3"})})
        EXPECT_EQ(clients.outcome(0, XS_INTRODUCE, payload), "EINVAL");
    EXPECT_EQ(clients.ask(0, XS_IS_DOMAIN_INTRODUCED, words({"9"})).payload, words({"F"}));

    clients.store.receive(0, message(XS_INTRODUCE, words({"9", "1234", "3"}), 0, 77));
    ASSERT_TRUE(clients.store.introduction());
    EXPECT_EQ(clients.store.introduction()->domain, 9);
    EXPECT_EQ(clients.store.introduction()->port, 3u);
    EXPECT_FALSE(clients.store.takes_input(1)) << "first things first";
    clients.store.introduced(Error::io, {});
    EXPECT_EQ(clients.drain(0).outcome(), "EIO");
    EXPECT_EQ(clients.store.connection(9), nullptr);

    clients.watch(0, "@introduceDomain", "t");
    clients.take_events(0);
    clients.store.receive(0, message(XS_INTRODUCE, words({"9", "1234", "3"}), 0, 78));
    clients.store.introduced(Error::none, {100, 200});
    const Reply reply = clients.drain(0);
    EXPECT_EQ(reply.outcome(), "OK");
    EXPECT_EQ(reply.request, 78u);
    EXPECT_EQ(clients.take_events(0).size(), 1u);
    ASSERT_NE(clients.store.connection(9), nullptr);
    EXPECT_EQ(clients.store.connection(9)->taken, 100u);
    EXPECT_EQ(clients.store.connection(9)->put, 200u);
    EXPECT_EQ(clients.ask(0, XS_IS_DOMAIN_INTRODUCED, words({"9"})).payload, words({"T"}));
    EXPECT_EQ(clients.read(9, "name"), "!EACCES") << "its home is the toolstack's business";
    clients.write(0, "/local/domain/9", "");
    clients.allow(0, "/local/domain/9", {"n0", "r9"});
    EXPECT_EQ(clients.read(9, "name"), "!ENOENT");

    clients.watch(9, "name", "t");
    const std::uint32_t transaction = clients.begin(9);
    clients.store.receive(9, message(XS_READ, words({"name"})));
    clients.store.receive(9, "half a mess");
    clients.store.receive(0, message(XS_INTRODUCE, words({"9", "1234", "5"})));
    clients.store.introduced(Error::none, {});
    EXPECT_EQ(clients.drain(0).outcome(), "OK");
    EXPECT_TRUE(clients.take_events(0).empty()) << "it was introduced before";
    const Connection& again = *clients.store.connection(9);
    EXPECT_EQ(again.port, 5u);
    EXPECT_EQ(again.taken, 0u);
    EXPECT_EQ(again.put, 0u);
    EXPECT_TRUE(clients.store.output(9).empty()) << "its connection begins anew";
    EXPECT_EQ(clients.used("watches", 9), 0u);
    EXPECT_EQ(clients.end(9, transaction), "ENOENT");
    EXPECT_EQ(clients.read(9, "name"), "!ENOENT") << "its home is as it was";
}

TEST(Domains, AreReleased) {
    Clients clients;
    EXPECT_EQ(clients.outcome(1, XS_RELEASE, words({"2"})), "EACCES");
    EXPECT_EQ(clients.outcome(0, XS_RELEASE, words({"8"})), "ENOENT");
    EXPECT_EQ(clients.outcome(0, XS_RESUME, words({"2"})), "OK");
    EXPECT_EQ(clients.outcome(0, XS_RELEASE, words({"2"})), "OK");
    EXPECT_EQ(clients.left, std::vector<DomainId>{2});
    EXPECT_EQ(clients.store.connection(2), nullptr);
    EXPECT_EQ(clients.outcome(0, XS_RESUME, words({"2"})), "ENOENT");
    clients.store.receive(2, message(XS_READ, words({"name"})));
    EXPECT_TRUE(clients.store.output(2).empty());
    EXPECT_EQ(clients.outcome(0, XS_RELEASE, words({"0"})), "EINVAL") << "not who controls";
    EXPECT_EQ(clients.outcome(0, XS_RESUME, words({"0"})), "EINVAL");
}

TEST(Domains, AreKnownToWhoControls) {
    Clients clients;
    EXPECT_EQ(clients.outcome(1, XS_IS_DOMAIN_INTRODUCED, words({"2"})), "EACCES");
    EXPECT_EQ(clients.outcome(1, XS_IS_DOMAIN_INTRODUCED, words({"1"})), "EACCES");
    EXPECT_EQ(clients.ask(0, XS_IS_DOMAIN_INTRODUCED, words({"2"})).payload, words({"T"}));
    EXPECT_EQ(clients.ask(0, XS_IS_DOMAIN_INTRODUCED, words({"32752"})).payload, words({"T"})) << "DOMID_SELF";
    EXPECT_EQ(clients.outcome(0, XS_IS_DOMAIN_INTRODUCED, words({"32753"})), "EINVAL");
}

TEST(Domains, HavePaths) {
    Clients clients;
    EXPECT_EQ(clients.ask(1, XS_GET_DOMAIN_PATH, words({"007"})).payload, words({"/local/domain/7"}));
    EXPECT_EQ(clients.outcome(1, XS_GET_DOMAIN_PATH, words({"-7"})), "EINVAL");
    EXPECT_EQ(clients.outcome(1, XS_GET_DOMAIN_PATH, words({"32752"})), "EINVAL");
}

TEST(Domains, OnesOfManyGoWithoutATrace) {
    Clients clients;
    const std::uint64_t before = clients.store.accounts().total();
    for (int round = 0; round < 100; ++round) {
        clients.store.connect(50, 1, "x", {});
        clients.write(50, "data/a/b/c", "1");
        clients.watch(50, "data", "t");
        clients.write(50, "data/a", "2", clients.begin(50));
        clients.store.disconnect(50);
    }
    EXPECT_EQ(clients.store.accounts().total(), before);
    EXPECT_EQ(clients.store.inconsistency(), "");
}

} // namespace
} // namespace skerry::xenstore::test
