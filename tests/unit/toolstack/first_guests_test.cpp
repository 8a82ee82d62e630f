// SPDX-License-Identifier: MIT
// The guests that a platform has from its start: each created once, whoever goes meanwhile.
#include "tests/unit/toolstack/fakes.h"

#include "toolstack/domain/guests/first_guests.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace skerry::toolstack::test {
namespace {

class FirstGuests : public testing::Test {
  protected:
    void begin(FakePlatform& platform, const std::vector<FirstGuest>& wanted) {
        const Remembered remembered = remember(platform.journal);
        const auto lock = platform.monitor.enter();
        create_first_guests(platform.platform, platform.guests, wanted, remembered.first_guests);
    }
    static std::string named(const char* name, const char* on_poweroff = "destroy") {
        json::Value params = json::parse(linux_guest);
        params["name"] = name;
        params["on_poweroff"] = on_poweroff;
        return json::write(params);
    }
};

TEST_F(FirstGuests, AreTheFilesOfAFolder) {
    char folder[] = "/tmp/skerry-first-guests.XXXXXX";
    ASSERT_NE(::mkdtemp(folder), nullptr);
    const std::string path = folder;
    std::ofstream(path + "/b.json") << "two";
    std::ofstream(path + "/a.json") << "one";
    std::ofstream(path + "/README") << "none";
    const auto found = read_first_guests(path);
    std::filesystem::remove_all(path);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].file + found[0].text + found[1].file + found[1].text, "a.jsononeb.jsontwo");
    EXPECT_TRUE(read_first_guests(path).empty());
}

TEST_F(FirstGuests, AreCreatedOnce) {
    FakePlatform before;
    begin(before, {{"a.json", named("a")}, {"b.json", named("b")}});
    EXPECT_FALSE(before.hypervisor.all.at(before.id_of("a")).state.paused);
    EXPECT_EQ(before.error("destroy", R"({"domain":"a"})"), "");

    FakePlatform after(&before); // which does not bring back what was destroyed
    {
        const auto lock = after.monitor.enter();
        after.guests.recover(remember(after.journal));
    }
    begin(after, {{"a.json", named("a")}, {"b.json", named("b")}});
    EXPECT_EQ(after.guests.find("a"), nullptr);
    EXPECT_NE(after.guests.find("b"), nullptr);
    EXPECT_TRUE(after.log.lines().empty()) << after.log.lines().back().text;
}

TEST_F(FirstGuests, OneThatCannotBeCreatedEndsThePlatformOnlyIfItsEndWould) {
    FakePlatform platform;
    begin(platform, {{"a.json", named("vmlinuz-has-no-such/name")}, {"b.json", named("b")}});
    EXPECT_EQ(platform.powered_off, 1) << "nobody knows what it was to be";
    EXPECT_EQ(platform.guests.find("b"), nullptr);

    FakePlatform other;
    other.builder.held.erase("initrd");
    begin(other, {{"a.json", named("a")}});
    EXPECT_EQ(other.powered_off, 0);
    EXPECT_NE(other.log.lines().back().text.find("guest of `a.json` could not be created: create: "),
              std::string::npos);
    begin(other, {{"c.json", named("c", "poweroff-platform")}, {"d.json", named("d")}});
    EXPECT_EQ(other.powered_off, 1);
}

TEST_F(FirstGuests, AreThereOnceWhateverTheStepAtWhichAToolstackGoes) {
    const std::vector<FirstGuest> wanted{{"a.json", named("a", "poweroff-platform")}};
    std::vector<std::unique_ptr<FakePlatform>> successors; // one for each moment in which the former instance may go
    FakePlatform before;
    before.fate.before_each = [&] { successors.push_back(std::make_unique<FakePlatform>(&before)); };
    begin(before, wanted);
    ASSERT_GT(successors.size(), 40u);
    for (std::size_t step = 0; step < successors.size(); ++step) {
        SCOPED_TRACE("step " + std::to_string(step));
        FakePlatform& after = *successors[step];
        {
            const auto lock = after.monitor.enter();
            after.guests.recover(remember(after.journal));
        }
        begin(after, wanted);
        EXPECT_EQ(after.powered_off, 0);
        EXPECT_NE(after.guests.find("a"), nullptr);
        EXPECT_EQ(after.hypervisor.all.size(), 5u);
        EXPECT_TRUE(remember(after.journal).first_guests.contains("a.json"));
    }
}

TEST_F(FirstGuests, WaitForABuilderThatIsBuiltAgain) {
    FakePlatform platform;
    int away = 3;
    platform.builder.on_build = [&] {
        if (away-- > 0) throw Failure(code::unavailable, "builder: it was restarted");
    };
    begin(platform, {{"a.json", named("a", "poweroff-platform")}});
    EXPECT_EQ(platform.powered_off, 0);
    EXPECT_NE(platform.guests.find("a"), nullptr);
}

} // namespace
} // namespace skerry::toolstack::test
