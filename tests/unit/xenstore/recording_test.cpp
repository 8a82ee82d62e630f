// SPDX-License-Identifier: MIT
// What a store's record keeps across servers, in the journal and in its snapshots: everything, and nothing that is damaged.
#include "clients.h"
#include "stubdoms/xenstore/store/recorder.h"
#include "stubdoms/xenstore/store/snapshot.h"

#include <gtest/gtest.h>
#include <random>

namespace skerry::xenstore::test {
namespace {

class Recording : public testing::Test {
  protected:
    /// Memory that outlives servers, `size` bytes of it, empty.
    std::span<std::byte> area(std::size_t size) {
        memory.assign(size / sizeof memory[0], 0);
        return std::as_writable_bytes(std::span(memory));
    }
    /// The payload of the answer.
    static std::string ask(Recorder& recorder, DomainId domain, std::uint32_t type, const std::string& payload,
                           std::uint32_t transaction = 0) {
        recorder.receive(domain, message(type, payload, transaction));
        std::string answer;
        while (!recorder.store().output(domain).empty()) {
            answer += recorder.store().output(domain);
            recorder.sent(domain, recorder.store().output(domain).size());
        }
        return answer.substr(sizeof(Header));
    }

    std::vector<std::uint64_t> memory;
    Surroundings nobody;
};

TEST_F(Recording, OperatorsQuotasStay) {
    const auto bytes = area(200 << 10);
    {
        Recorder first(bytes, {0}, nobody);
        (void)first.resume();
        first.set_quota(Quota::watches, 3);
    }
    for (int life = 0; life < 3; ++life) {
        Recorder next(bytes, {0}, nobody);
        EXPECT_EQ(next.resume(), Recorder::Resumed::continued);
        EXPECT_EQ(next.store().quotas()[Quota::watches], 3u);
        next.connect(0, 1, "", {});
        for (int i = 0; i < 4000; ++i) next.receive(0, message(XS_READ, words({"/"}))), next.sent(0, 16);
    }
}

TEST_F(Recording, DamagedMemoryIsNoticed) {
    const auto bytes = area(200 << 10);
    {
        Recorder first(bytes, {0}, nobody);
        EXPECT_EQ(first.resume(), Recorder::Resumed::afresh);
        first.connect(1, 2, "guest", {});
        for (int i = 0; i < 400; ++i)
            first.receive(1, message(XS_WRITE, words({"data/" + std::to_string(i % 50)}) + std::string(100, 'v')));
    }
    const std::vector<std::uint64_t> sound = memory;
    std::mt19937 random(5);
    unsigned noticed = 0;
    for (int i = 0; i < 500; ++i) {
        memory = sound;
        for (int k = 0; k < 3; ++k)
            bytes[random() % (i % 2 == 0 ? 200 : bytes.size())] = static_cast<std::byte>(random());
        Recorder next(bytes, {0}, nobody);
        noticed += next.resume() == Recorder::Resumed::damaged;
        EXPECT_EQ(next.store().inconsistency(), "");
        next.connect(7, 2, "works", {});
        EXPECT_NE(next.store().connection(7), nullptr);
    }
    EXPECT_GT(noticed, 100u);
}

// What a new server has not looked at yet is neither lost nor confused by what happens around it.
TEST_F(Recording, PartsThatNobodyLookedAtOutliveSnapshots) {
    const auto bytes = area(2 << 20);
    const auto write = [](Recorder& recorder, const std::string& path, const std::string& value) {
        ask(recorder, 0, XS_WRITE, words({path}) + value);
    };
    constexpr int homes = 60;
    const auto home = [](int i) { return "/homes/" + std::to_string(i); };
    const auto value = [](int i) { return std::string(2000, static_cast<char>('a' + i % 26)); };
    // Records until there were some snapshots.
    const auto be_busy = [&](Recorder& recorder) {
        for (int i = 0; i < 600; ++i)
            write(recorder, "/busy/" + std::to_string(i % 7), std::string(800 + i % 401, 'b'));
    };
    {
        Recorder first(bytes, {0}, nobody);
        ASSERT_EQ(first.resume(), Recorder::Resumed::afresh);
        first.connect(0, 2, "", {});
        for (int i = 0; i < homes; ++i) write(first, home(i) + "/deep/value", value(i));
        be_busy(first);
    }
    std::size_t count = 0;
    for (int life = 0; life < 4; ++life) {
        SCOPED_TRACE(life);
        Recorder next(bytes, {0}, nobody);
        ASSERT_EQ(next.resume(), Recorder::Resumed::continued);
        if (life == 0) count = next.store().tree().count();
        EXPECT_EQ(next.store().tree().count(), count);
        be_busy(next);
        write(next, home(life) + "/deep/value", value(life)); // one home is looked at
        be_busy(next);
        for (int i = 0; i < life; ++i) EXPECT_TRUE(next.read_ahead());
        be_busy(next);
        if (life % 2 == 0) continue; // the next server gets what this one never read
        for (int i = 0; i < homes; ++i) {
            const Node* node = next.store().tree().root().find(home(i) + "/deep/value");
            ASSERT_NE(node, nullptr) << i;
            EXPECT_EQ(node->value, value(i));
        }
        EXPECT_EQ(next.store().inconsistency(), "");
        EXPECT_FALSE(next.read_ahead());
    }
}

// What a snapshot keeps beside the nodes' contents: when they changed, for transactions that are open; who went, for rights
// that meant them; and what an owner takes along, read or not.
TEST_F(Recording, SnapshotsKeepWhatRightsAndTransactionsDependOn) {
    const auto bytes = area(2 << 20);
    const auto be_busy = [&](Recorder& recorder) { // until there was a snapshot
        for (int i = 0; i < 400; ++i) ask(recorder, 0, XS_WRITE, words({"/busy"}) + std::string(1000, 'b'));
    };
    const std::string ok = words({"OK"}), again = words({"EAGAIN"}), refused = words({"EACCES"});
    std::uint32_t listing = 0, looking = 0;
    {
        Recorder first(bytes, {0}, nobody);
        ASSERT_EQ(first.resume(), Recorder::Resumed::afresh);
        for (const DomainId domain : {0, 1, 2}) first.connect(domain, domain + 1u, "guest", {});
        ask(first, 0, XS_WRITE, words({"/shared"}));
        ask(first, 0, XS_SET_PERMS, words({"/shared", "n0", "b1", "r2"}));
        for (int i = 0; i < 10; ++i) // few: all below /shared, which is another's, is one part
            ask(first, 1, XS_WRITE, words({"/shared/" + std::to_string(i) + "/x"}) + std::string(2000, 'v'));
        first.disconnect(2);
        for (std::uint32_t* id : {&listing, &looking}) {
            *id = static_cast<std::uint32_t>(std::stoul(ask(first, 0, XS_TRANSACTION_START, words({""}))));
            ask(first, 0, XS_DIRECTORY, words({"/shared"}), *id);
        }
        be_busy(first);
    }
    {
        Recorder next(bytes, {0}, nobody);
        ASSERT_EQ(next.resume(), Recorder::Resumed::continued);
        EXPECT_EQ(ask(next, 0, XS_TRANSACTION_END, words({"T"}), looking), ok) << "nothing changed";
        ask(next, 1, XS_WRITE, words({"/shared/new"}));
        EXPECT_EQ(ask(next, 0, XS_TRANSACTION_END, words({"T"}), listing), again);
        next.connect(2, 7, "another", {});
        EXPECT_EQ(ask(next, 2, XS_READ, words({"/shared"})), refused) << "that meant the one before";
        be_busy(next);
    }
    Recorder last(bytes, {0}, nobody);
    ASSERT_EQ(last.resume(), Recorder::Resumed::continued);
    last.disconnect(1);
    EXPECT_EQ(ask(last, 0, XS_DIRECTORY, words({"/shared"})), "") << "all were its own";
    EXPECT_EQ(last.store().inconsistency(), "");
}

// A snapshot that was mostly copied from the one before is the same as one that is written anew.
TEST_F(Recording, SnapshotsThatAreRenewedAreTheSame) {
    Store store(nobody);
    store.set_privileged({0});
    store.connect(0, 2, "", {});
    std::vector<std::byte> latest(1 << 20), next(1 << 20), anew(1 << 20);
    std::size_t latest_size = 0;
    std::mt19937 random(11);
    const auto path = [&] {
        std::string text;
        for (unsigned depth = 1 + random() % 4; depth > 0; --depth) text += "/" + std::to_string(random() % 4);
        return text;
    };
    for (int round = 0; round < 200; ++round) {
        for (unsigned changes = random() % 6; changes > 0; --changes) {
            switch (random() % 4) {
            case 0: store.receive(0, message(XS_RM, words({path()}))); break;
            case 1: store.receive(0, message(XS_SET_PERMS, words({path(), "n" + std::to_string(random() % 3)}))); break;
            default: store.receive(0, message(XS_WRITE, words({path()}) + std::string(random() % 40, 'v'))); break;
            }
            while (!store.output(0).empty()) store.sent(0, store.output(0).size());
        }
        const auto size = Snapshot::renew(store, next, std::span(latest).first(latest_size));
        ASSERT_TRUE(size.has_value());
        ASSERT_EQ(Snapshot::write(store, anew), size);
        ASSERT_TRUE(std::equal(next.begin(), next.begin() + static_cast<long>(*size), anew.begin())) << round;
        latest_size = *size;
        latest.swap(next);
        if (round % 10 == 0) { // one that has no room is of no consequence
            EXPECT_EQ(Snapshot::renew(store, std::span(next).first(100), latest), std::nullopt);
        }
        if (round % 50 == 49) { // and so is one that a new server renews
            Store another(nobody);
            another.set_privileged({0});
            ASSERT_TRUE(Snapshot::read(another, std::span(latest).first(latest_size)));
            ASSERT_EQ(Snapshot::renew(another, next, std::span(latest).first(latest_size)), latest_size);
            EXPECT_TRUE(std::equal(next.begin(), next.begin() + static_cast<long>(latest_size), latest.begin()));
        }
    }
}

TEST_F(Recording, AStoreThatOutgrowsItsAreaGoesOnWithout) {
    Recorder recorder(area(16 << 10), {1}, nobody);
    (void)recorder.resume();
    recorder.connect(1, 2, "guest", {});
    for (int i = 0; i < 50; ++i)
        recorder.receive(1, message(XS_WRITE, words({"/" + std::to_string(i)}) + std::string(1000, 'v')));
    EXPECT_FALSE(recorder.recording());
    EXPECT_EQ(recorder.store().tree().root().children().size(), 51u);
}

} // namespace
} // namespace skerry::xenstore::test
