// SPDX-License-Identifier: MIT
// What a new instance of the toolstack makes of what the former one left: its records, and guests at any step of their lives.
#include "tests/unit/toolstack/fakes.h"

#include "toolstack/domain/records/area_journal.h"

#include <gtest/gtest.h>

namespace skerry::toolstack::test {
namespace {

TEST(Takeover, OfAFormerInstancesGuests) {
    FakePlatform before;
    (void)before.call("create", linux_guest);
    json::Value params = json::parse(linux_guest);
    params["name"] = "other";
    (void)before.call("create", json::write(params));
    const DomainNumber web = before.id_of("web"), other = before.id_of("other");
    before.hypervisor.all.erase(other); // goes while nobody looks

    FakePlatform after(&before);
    {
        const auto lock = after.monitor.enter();
        after.guests.recover(remember(after.journal));
    }
    ASSERT_NE(after.guests.find("web"), nullptr);
    EXPECT_EQ(after.id_of("web"), web);
    EXPECT_EQ(after.guests.find("other"), nullptr);
    EXPECT_EQ(after.store.tree.count("/local/domain/" + std::to_string(other)), 0u);
    EXPECT_EQ(after.error("destroy", R"({"domain":"web"})"), "");
    EXPECT_EQ(after.hypervisor.all.size(), 4u);
    EXPECT_TRUE(remember(after.journal).guests.empty());
}

TEST(Takeover, GoesOnWithAGuestThatWasBeingStartedAgainWhateverTheStep) {
    std::vector<std::unique_ptr<FakePlatform>> successors; // one for each moment in which the former instance may go
    FakePlatform before;
    (void)before.call("create", linux_guest);
    const DomainNumber first = before.id_of("web");
    before.fate.before_each = [&] { successors.push_back(std::make_unique<FakePlatform>(&before)); };
    before.hypervisor.end(first, ShutdownReason::reboot);
    before.look_after();
    ASSERT_GT(successors.size(), 40u);
    for (std::size_t step = 0; step < successors.size(); ++step) {
        SCOPED_TRACE("step " + std::to_string(step));
        FakePlatform& after = *successors[step];
        {
            const auto lock = after.monitor.enter();
            after.guests.recover(remember(after.journal));
            after.guests.look_after();
        }
        ASSERT_NE(after.guests.find("web"), nullptr) << after.log.lines().back().text;
        const DomainNumber id = after.id_of("web");
        EXPECT_NE(id, first);
        EXPECT_EQ(after.hypervisor.all.size(), 5u);
        EXPECT_EQ(after.guests.find("web")->phase, Guest::Phase::running);
        EXPECT_EQ(after.store.tree.count("/local/domain/" + std::to_string(id) + "/name"), 1u);
        EXPECT_EQ(remember(after.journal).guests.begin()->second.domain.id, id);
        EXPECT_TRUE(remember(after.journal).begun.empty());
    }
}

TEST(Takeover, DestroysADomainThatWasNotComplete) {
    FakePlatform before;
    (void)before.call("create", linux_guest);
    // The former instance went between the builder's answer and its record.
    before.journal.records.resize(1);
    before.hypervisor.all.at(before.id_of("web")).state.handle = {'w', 'e', 'b'}; // as the builder marks it
    FakePlatform after(&before);
    const auto lock = after.monitor.enter();
    after.guests.recover(remember(after.journal));
    EXPECT_EQ(after.hypervisor.all.size(), 4u);
    EXPECT_TRUE(after.store.tree.empty());
    EXPECT_TRUE(after.guests.all().empty());
    EXPECT_TRUE(remember(after.journal).begun.empty());
}

TEST(Takeover, DoesNotTakeADomainForAnotherOfTheSameNumber) {
    FakePlatform before;
    (void)before.call("create", linux_guest);
    before.hypervisor.all.at(before.id_of("web")).state.handle = {1, 2, 3}; // somebody else's by now
    FakePlatform after(&before);
    const auto lock = after.monitor.enter();
    after.guests.recover(remember(after.journal));
    EXPECT_TRUE(after.guests.all().empty());
    EXPECT_EQ(after.hypervisor.all.size(), 5u) << "it is not ours to destroy";
}

TEST(Records, SurviveInAStateAreaHoweverManyThereWere) {
    alignas(8) static std::byte area[16384];
    std::fill(std::begin(area), std::end(area), std::byte{});
    Guest guest;
    guest.config = read_guest_config(json::parse(linux_guest));
    {
        AreaJournal journal(area);
        journal.replay([](std::string_view) { FAIL(); });
        for (int i = 0; i < 1000; ++i) { // more than the area has room for
            guest.uuid = "u" + std::to_string(i % 7);
            journal.append(begun_record(guest));
            journal.append(guest_record(guest));
            if (i % 7 != 3) journal.append(gone_record(guest));
        }
        journal.append(image_record({"k", 5, std::string(64, 'a'), true}));
    }
    AreaJournal journal(area);
    const Remembered remembered = remember(journal);
    EXPECT_FALSE(journal.was_damaged());
    ASSERT_EQ(remembered.guests.size(), 1u);
    EXPECT_EQ(remembered.guests.begin()->first, "u3");
    EXPECT_EQ(guest_config_json(remembered.guests.begin()->second.config), guest_config_json(guest.config));
    EXPECT_EQ(remembered.images.at("k").size, 5u);
    EXPECT_THROW(
        for (int i = 0; i < 1000; ++i) {
            guest.uuid = std::to_string(i);
            journal.append(guest_record(guest));
        },
        Failure)
        << "there is no room for a thousand guests";
    area[100] = std::byte{0xff};
    area[8] = std::byte{0xff};
    AreaJournal damaged(area);
    EXPECT_TRUE(remember(damaged).guests.empty());
    EXPECT_TRUE(damaged.was_damaged());
    damaged.append(guest_record(guest));
}

TEST(Records, ThatNobodyUnderstandsAreNamedAndLeftOut) {
    FakePlatform platform;
    platform.journal.records = {"nonsense", R"({"record":"guest"})", R"({"record":"dance","uuid":"x"})",
                                R"({"record":"begun","uuid":"u","name":"n"})"};
    const Remembered remembered = remember(platform.journal);
    EXPECT_EQ(remembered.not_understood.size(), 3u);
    EXPECT_EQ(remembered.begun.at("u"), "n");
}

} // namespace
} // namespace skerry::toolstack::test
