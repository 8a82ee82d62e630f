// SPDX-License-Identifier: MIT
// The life of a guest: created whole or not at all, whatever step fails; ended as its configuration says.
#include "tests/unit/toolstack/fakes.h"

#include <gtest/gtest.h>
#include <thread>

namespace skerry::toolstack::test {
namespace {

TEST(Create, WritesWhatGuestsLookFor) {
    FakePlatform platform;
    const json::Value result = platform.call("create", linux_guest);
    const DomainNumber id = platform.id_of("web");
    EXPECT_EQ(result.integer_or("id", -1), id);
    const std::string top = "/local/domain/" + std::to_string(id);
    const auto value = [&](const std::string& path) {
        return platform.store.read(path, no_transaction).value_or("(missing)");
    };
    EXPECT_EQ(value(top + "/name"), "web");
    EXPECT_EQ(value(top + "/domid"), std::to_string(id));
    EXPECT_EQ(value(top + "/vm"), "/vm/" + result.text_or("uuid", ""));
    EXPECT_EQ(value(value(top + "/vm") + "/uuid"), result.text_or("uuid", ""));
    EXPECT_EQ(value(top + "/memory/target"), "65536");
    EXPECT_EQ(value(top + "/memory/static-max"), "131072");
    EXPECT_EQ(value(top + "/cpu/1/availability"), "online");
    EXPECT_EQ(value(top + "/cpu/2/availability"), "offline");
    EXPECT_EQ(value(top + "/console/port"), "1");
    const Permissions reads{{'n', 3}, {'r', id}}, owns{{'n', id}, {'b', 3}};
    EXPECT_EQ(platform.store.tree.at(top + "/name").permissions, reads);
    EXPECT_EQ(platform.store.tree.at(top + "/control/shutdown").permissions, owns);
    for (const auto& [path, node] : platform.store.tree)
        EXPECT_TRUE(!path.starts_with(top) || !node.permissions.empty()) << path << " has whatever permissions";

    EXPECT_EQ(platform.store.introduced, (std::map<DomainNumber, std::uint32_t>{{id, 2}}));
    EXPECT_EQ(platform.consoles.guests.at(id), "web");
    const auto& domain = platform.hypervisor.all.at(id);
    EXPECT_FALSE(domain.state.paused);
    EXPECT_EQ(domain.state.most_pages, 32768u);
    EXPECT_EQ(domain.soft.at(3).to_string(), CpuSet(2).to_string());
    EXPECT_EQ(platform.builder.sections.back(),
              "[domain web]\nloader = pv-boot\nkernel = vmlinuz\nramdisk = initrd\n"
              "cmdline = console=hvc0\nmemory = 65536K\nmax_memory = 131072K\nvcpus = 4\nconsole = console\n"
              "store = xenstore\n");
}

TEST(Create, LeavesNothingBehindWhateverStepFails) {
    FakePlatform measure;
    (void)measure.call("create", linux_guest);
    const int steps = measure.fate.count;
    ASSERT_GT(steps, 40);
    for (int step = 0; step < steps; ++step) {
        FakePlatform platform;
        platform.fate.fails_at = step;
        const std::uint64_t free_pages = platform.hypervisor.free_pages;
        const std::string error = platform.error("create", linux_guest);
        SCOPED_TRACE("step " + std::to_string(step) + ": " + measure.fate.operations[static_cast<std::size_t>(step)]);
        EXPECT_NE(error, "");
        EXPECT_EQ(platform.hypervisor.all.size(), 4u);
        EXPECT_EQ(platform.hypervisor.free_pages, free_pages);
        EXPECT_TRUE(platform.store.tree.empty());
        EXPECT_TRUE(platform.store.introduced.empty());
        EXPECT_TRUE(platform.consoles.guests.empty());
        EXPECT_FALSE(platform.store.transactions_open());
        EXPECT_EQ(platform.guests.find("web"), nullptr);
        EXPECT_TRUE(remember(platform.journal).guests.empty());
        EXPECT_TRUE(remember(platform.journal).begun.empty());
        platform.fate.fails_at = -1;
        EXPECT_EQ(platform.error("create", linux_guest), "") << "and the name is free again";
    }
}

TEST(Create, EndsWhatABuilderMadeThatWentBeforeItAnswered) {
    FakePlatform platform;
    json::Value other = json::parse(linux_guest);
    other["name"] = "other";
    (void)platform.call("create", json::write(other));
    const std::uint64_t free_pages = platform.hypervisor.free_pages;
    platform.builder.on_build = [&] {
        const DomainNumber made = platform.hypervisor.add(16384, 4);
        platform.hypervisor.all.at(made).state.handle = {'w', 'e', 'b'}; // as the builder marks it
        throw Failure(code::unavailable, "builder: it went away");
    };
    EXPECT_EQ(platform.error("create", linux_guest), "unavailable: builder: it went away");
    EXPECT_EQ(platform.hypervisor.all.size(), 5u); // with that of the other guest
    EXPECT_TRUE(platform.hypervisor.all.contains(platform.id_of("other")));
    EXPECT_EQ(platform.hypervisor.free_pages, free_pages);
    EXPECT_TRUE(remember(platform.journal).begun.empty());
    platform.builder.on_build = {};
    EXPECT_EQ(platform.error("create", linux_guest), "") << "and the name is free again";
}

TEST(Create, RefusesBeforeAnythingIsDone) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    const auto error_of = [&](const std::string& change) {
        json::Value params = json::parse(linux_guest);
        params["name"] = "other";
        const json::Value changes = json::parse(change);
        for (const json::Member& member : *changes.as_object()) params[member.key] = member.value;
        const std::size_t domains = platform.hypervisor.all.size(), records = platform.journal.records.size();
        const std::string error = platform.error("create", json::write(params));
        EXPECT_EQ(platform.hypervisor.all.size(), domains);
        EXPECT_EQ(platform.journal.records.size(), records);
        return error;
    };
    EXPECT_EQ(error_of(R"({"name":"web"})"), "exists: create: there is a domain `web` already");
    EXPECT_EQ(error_of(R"({"name":"console"})"), "exists: create: there is a domain `console` already");
    EXPECT_EQ(error_of(R"({"name":"17"})"), "bad-request: create: `17` would look like a domain's number");
    EXPECT_EQ(error_of(R"({"name":"a b"})").substr(0, 30), "bad-request: create: `a b` is ");
    EXPECT_EQ(error_of(R"({"kernel":"nosuch"})"), "not-found: create: `other`: there is no image `nosuch`");
    EXPECT_EQ(error_of(R"({"memory_kib":999999996,"max_memory_kib":null})").substr(0, 11), "no-memory: ");
    EXPECT_EQ(error_of(R"({"memory_kib":65537})"), "bad-request: create: `memory_kib` is to be whole pages of 4 KiB");
    EXPECT_EQ(error_of(R"({"memory_kib":"much"})"), "bad-request: create: `memory_kib` is to be a whole number");
    EXPECT_EQ(error_of(R"({"vcpus":33})"), "bad-request: create: `vcpus` is 33, not between 1 and 32");
    EXPECT_EQ(error_of(R"({"vcpus":5})"), "bad-request: create: `max_vcpus` is less than `vcpus`");
    EXPECT_EQ(error_of(R"({"colour":"red"})"), "bad-request: create: `colour` is not a parameter");
    EXPECT_EQ(error_of(R"({"on_crash":"coredump-restart"})"),
              "unsupported: create: `on_crash`: `coredump-restart` is not supported");
    EXPECT_EQ(error_of(R"({"cmdline":"a\nmemory = 9999G"})"),
              "bad-request: create: `cmdline` is to be one line without control characters");
    EXPECT_EQ(error_of(R"({"cpus":"0-200"})"), "bad-request: CPUs `0-200`: there is no CPU 200");
}

TEST(Create, Paused) {
    FakePlatform platform;
    json::Value params = json::parse(linux_guest);
    params["paused"] = true;
    (void)platform.call("create", json::write(params));
    EXPECT_TRUE(platform.hypervisor.all.at(platform.id_of("web")).state.paused);
    (void)platform.call("unpause", R"({"domain":"web"})");
    EXPECT_FALSE(platform.hypervisor.all.at(platform.id_of("web")).state.paused);
}

TEST(Rename, DoesItAgainAfterConflictsInXenstore) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    platform.store.conflicts = 3;
    EXPECT_EQ(platform.error("rename", R"({"domain":"web","name":"shop"})"), "");
    platform.store.conflicts = 1000;
    EXPECT_EQ(platform.error("rename", R"({"domain":"shop","name":"web"})"),
              "busy: xenstore: ten transactions in a row conflicted with others");
}

TEST(Create, WorksWithoutXenstore) {
    FakePlatform platform;
    platform.store.is_present = false;
    EXPECT_EQ(platform.error("create", linux_guest), "");
    EXPECT_TRUE(platform.store.tree.empty());
    EXPECT_EQ(platform.builder.sections.back().find("store"), std::string::npos);
}

TEST(Destroy, GivesEverythingBack) {
    FakePlatform platform;
    const std::uint64_t free_pages = platform.hypervisor.free_pages;
    for (int round = 0; round < 3; ++round) {
        (void)platform.call("create", linux_guest);
        const json::Value result = platform.call("destroy", R"({"domain":"web"})");
        EXPECT_TRUE(result.bool_or("all_given_back", false));
        EXPECT_EQ(platform.hypervisor.free_pages, free_pages);
        EXPECT_TRUE(platform.store.tree.empty());
        EXPECT_TRUE(platform.store.introduced.empty());
        EXPECT_TRUE(platform.consoles.guests.empty());
        EXPECT_TRUE(remember(platform.journal).guests.empty());
    }
    EXPECT_EQ(platform.error("destroy", R"({"domain":"web"})"), "not-found: there is no domain `web`");
}

TEST(Destroy, SaysWhenSomebodyHoldsPages) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    platform.hypervisor.all.at(platform.id_of("web")).lingers = 1'000'000;
    EXPECT_FALSE(platform.call("destroy", R"({"domain":"web"})").bool_or("all_given_back", true));
}

TEST(Destroy, WorksWithoutConsoleAndXenstore) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    const int before = platform.fate.count;
    platform.fate.fails_at = before + 1; // leaving the console
    EXPECT_EQ(platform.error("destroy", R"({"domain":"web"})"), "");
    EXPECT_EQ(platform.hypervisor.all.size(), 4u);
    EXPECT_NE(platform.log.lines()[platform.log.lines().size() - 2].text.find("leaving the console"),
              std::string::npos);
}

TEST(Names, AndNumbersAreNeverConfused) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    const std::string id = std::to_string(platform.id_of("web"));
    EXPECT_EQ(platform.call("info", R"({"domain":)" + id + "}").text_or("name", ""), "web");
    EXPECT_EQ(platform.error("info", R"({"domain":")" + id + R"("})"), "not-found: there is no domain `" + id + "`");
    EXPECT_EQ(platform.error("info", R"({"domain":99})"), "not-found: there is no domain 99");
    EXPECT_EQ(platform.error("info", R"({"domain":true})"), "bad-request: a domain is named by its name or its number");
}

TEST(Rename, EverywhereOrNowhere) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    (void)platform.call("rename", R"({"domain":"web","name":"shop"})");
    const DomainNumber id = platform.id_of("shop");
    EXPECT_EQ(platform.store.tree.at("/local/domain/" + std::to_string(id) + "/name").value, "shop");
    EXPECT_EQ(platform.consoles.guests.at(id), "shop");
    EXPECT_EQ(remember(platform.journal).guests.begin()->second.config.name, "shop");
    EXPECT_EQ(platform.error("rename", R"({"domain":"shop","name":"console"})"),
              "exists: rename: there is a domain `console` already");
    EXPECT_EQ(platform.error("rename", R"({"domain":"console","name":"x"})"),
              "refused: rename: `console` (domain 1) is no guest of this toolstack but the platform's own");
    for (int step = 0; step < 6; ++step) {
        platform.fate.fails_at = platform.fate.count + step;
        EXPECT_NE(platform.error("rename", R"({"domain":"shop","name":"web"})"), "") << step;
        EXPECT_EQ(platform.guests.find("web"), nullptr);
        EXPECT_EQ(platform.store.tree.at("/local/domain/" + std::to_string(id) + "/name").value, "shop") << step;
        EXPECT_EQ(platform.consoles.guests.at(id), "shop") << step;
    }
}

struct Ending {
    const char* key;
    ShutdownReason reason;
};
class EndOfGuest : public testing::TestWithParam<Ending> {
  protected:
    void create_and_end(const char* action) {
        json::Value params = json::parse(linux_guest);
        params["name"] = "web";
        params[GetParam().key] = action;
        (void)platform.call("create", json::write(params));
        first = platform.id_of("web");
        platform.clock.now += 60 * second;
        platform.hypervisor.end(first, GetParam().reason);
        platform.look_after();
    }
    FakePlatform platform;
    DomainNumber first = 0;
};

TEST_P(EndOfGuest, Destroy) {
    create_and_end("destroy");
    EXPECT_EQ(platform.guests.find("web"), nullptr);
    EXPECT_EQ(platform.hypervisor.all.size(), 4u);
    EXPECT_TRUE(platform.store.tree.empty());
    EXPECT_TRUE(remember(platform.journal).guests.empty());
}

TEST_P(EndOfGuest, Restart) {
    create_and_end("restart");
    ASSERT_NE(platform.guests.find("web"), nullptr);
    const DomainNumber second_id = platform.id_of("web");
    EXPECT_NE(second_id, first);
    EXPECT_FALSE(platform.hypervisor.all.contains(first));
    EXPECT_FALSE(platform.hypervisor.all.at(second_id).state.paused);
    EXPECT_EQ(platform.store.tree.count("/local/domain/" + std::to_string(first) + "/name"), 0u);
    EXPECT_EQ(platform.store.tree.count("/local/domain/" + std::to_string(second_id) + "/name"), 1u);
    EXPECT_EQ(remember(platform.journal).guests.begin()->second.domain.id, second_id);
}

TEST_P(EndOfGuest, Preserve) {
    create_and_end("preserve");
    platform.look_after();
    EXPECT_EQ(platform.id_of("web"), first);
    EXPECT_TRUE(platform.hypervisor.all.contains(first));
    EXPECT_EQ(platform.call("info", R"({"domain":"web"})").text_or("state", "")[3], 's');
    EXPECT_EQ(platform.error("destroy", R"({"domain":"web"})"), "");
}

INSTANTIATE_TEST_SUITE_P(Reasons, EndOfGuest,
                         testing::Values(Ending{"on_poweroff", ShutdownReason::power_off},
                                         Ending{"on_reboot", ShutdownReason::reboot},
                                         Ending{"on_crash", ShutdownReason::crash},
                                         Ending{"on_watchdog", ShutdownReason::watchdog}),
                         [](const auto& info) { return std::string(info.param.key); });

TEST(EndOfPlatform, IsWhatAGuestsEndCanBe) {
    FakePlatform platform;
    json::Value params = json::parse(linux_guest);
    params["on_crash"] = "poweroff-platform";
    (void)platform.call("create", json::write(params));
    platform.hypervisor.end(platform.id_of("web"), ShutdownReason::reboot);
    platform.look_after();
    EXPECT_EQ(platform.powered_off, 0);
    platform.hypervisor.end(platform.id_of("web"), ShutdownReason::crash);
    platform.look_after();
    EXPECT_EQ(platform.powered_off, 1);
}

TEST(Reboot, StopsWhenAGuestOnlyReboots) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    unsigned starts = 1;
    while (platform.guests.find("web") != nullptr && starts < 100) {
        platform.hypervisor.end(platform.id_of("web"), ShutdownReason::reboot);
        platform.look_after();
        ++starts;
    }
    EXPECT_EQ(starts, Guests::most_short_lives + 2);
    EXPECT_EQ(platform.hypervisor.all.size(), 4u);
}

TEST(Reboot, OfAGuestThatCannotBeBuiltAgainLeavesNothing) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    platform.builder.held.erase("vmlinuz");
    platform.hypervisor.end(platform.id_of("web"), ShutdownReason::reboot);
    platform.fate.fails_at = platform.fate.count + 8; // somewhere on the way up
    platform.look_after();
    EXPECT_EQ(platform.guests.find("web"), nullptr);
    EXPECT_EQ(platform.hypervisor.all.size(), 4u);
    EXPECT_TRUE(platform.store.tree.empty());
    EXPECT_NE(platform.log.lines().back().text.find("could not be started again"), std::string::npos);
}

TEST(EndOfOneGuest, IsNotTakenForTheEndOfAnotherThatIsBeingCreated) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    json::Value params = json::parse(linux_guest);
    params["name"] = "other";
    bool may_go_on = false;
    platform.builder.on_build = [&] {
        platform.monitor.changed();
        EXPECT_TRUE(platform.monitor.wait(platform.clock, 0, [&] { return may_go_on; }));
    };
    std::thread creating([&] { EXPECT_EQ(platform.error("create", json::write(params)), ""); });
    const auto is_there = [&] { return platform.guests.find("other") != nullptr; };
    platform.consoles.on_remove = [&] { // the end of "web": the other one is complete meanwhile
        may_go_on = true;
        platform.monitor.changed();
        EXPECT_TRUE(
            platform.monitor.wait(platform.clock, 0, [&] { return platform.guests.find("other")->doing.empty(); }));
    };
    {
        const auto lock = platform.monitor.enter();
        EXPECT_TRUE(platform.monitor.wait(platform.clock, 0, [&] { return is_there(); }));
        platform.hypervisor.end(platform.id_of("web"), ShutdownReason::power_off);
        platform.guests.look_after();
        EXPECT_EQ(platform.guests.find("web"), nullptr);
        EXPECT_TRUE(is_there());
    }
    creating.join();
}

TEST(Shutdown, AsksAndWaitsUntilTheGuestTakesNotice) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    const std::string node = "/local/domain/" + std::to_string(platform.id_of("web")) + "/control/shutdown";
    std::vector<std::string> asked;
    platform.store.on_write = [&](const std::string& path, const std::string& value) {
        if (path != node || value.empty()) return;
        asked.push_back(value);
        platform.store.tree[node].value = ""; // the guest takes notice
    };
    EXPECT_EQ(platform.error("shutdown", R"({"domain":"web"})"), "");
    EXPECT_EQ(platform.error("reboot", R"({"domain":"web"})"), "");
    EXPECT_EQ(asked, (std::vector<std::string>{"poweroff", "reboot"}));
    platform.store.on_write = nullptr;
    EXPECT_EQ(platform.error("shutdown", R"({"domain":"web"})").substr(0, 10), "timed-out:");
    EXPECT_EQ(platform.store.tree.at(node).value, "") << "and does not follow later";
    EXPECT_EQ(platform.error("shutdown", R"({"domain":"console"})").substr(0, 12), "unsupported:");
}

TEST(Reboot, WaitsForABuilderThatIsBuiltAgain) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    int away = 3;
    platform.builder.on_build = [&] {
        if (away-- > 0) throw Failure(code::unavailable, "builder: it was restarted");
    };
    platform.hypervisor.end(platform.id_of("web"), ShutdownReason::reboot);
    platform.look_after();
    ASSERT_NE(platform.guests.find("web"), nullptr);
    EXPECT_EQ(platform.hypervisor.all.size(), 5u);
    away = 1000;
    platform.hypervisor.end(platform.id_of("web"), ShutdownReason::reboot);
    platform.look_after();
    EXPECT_EQ(platform.guests.find("web"), nullptr);
    EXPECT_EQ(platform.hypervisor.all.size(), 4u);
}

} // namespace
} // namespace skerry::toolstack::test
