// SPDX-License-Identifier: MIT
// The methods that look, change and upload.
#include "tests/unit/toolstack/fakes.h"

#include "toolstack/domain/base/cpu_set.h"
#include "toolstack/protocol/sha256.h"

#include <gtest/gtest.h>

namespace skerry::toolstack::test {
namespace {

std::string sha256_of(std::string_view text) {
    protocol::Sha256 hash;
    hash.add(text);
    return hash.finish();
}

TEST(Api, ListsAllDomainsByKind) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    (void)platform.hypervisor.add(5, 1); // of which nobody knows
    const json::Value result = platform.call("list");
    std::string text;
    for (const json::Value& each : *result.find("domains")->as_array())
        text += each.text_or("name", "") + " " + each.text_or("kind", "") + " " + each.text_or("state", "") + "\n";
    EXPECT_EQ(text,
              "founder platform ------\nconsole platform ------\nxenstore platform ------\ntoolstack platform ------\n"
              "web guest ------\n(unknown) unknown --p---\n");
}

TEST(Api, RefusesWhatItDoesNotKnow) {
    FakePlatform platform;
    EXPECT_EQ(platform.error("dance"), "bad-request: there is no method `dance`");
    EXPECT_EQ(platform.error("list", R"({"domian":1})"), "bad-request: list: `domian` is not a parameter");
    EXPECT_EQ(platform.error("pause"), "bad-request: pause: `domain` is missing");
    for (const std::string_view method : Api::methods())
        EXPECT_NE(platform.error(method, R"({"colour":"red"})"), "") << method;
}

TEST(Api, InfoOfMachineAndGuest) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    EXPECT_EQ(platform.call("info").integer_or("memory_kib", 0), 800'000);
    const json::Value guest = platform.call("info", R"({"domain":"web"})");
    EXPECT_EQ(guest.find("config")->text_or("cmdline", ""), "console=hvc0");
    EXPECT_EQ(guest.integer_or("max_vcpus", 0), 4);
}

TEST(Api, ReadsTheWholeLog) {
    FakePlatform platform;
    EXPECT_EQ(platform.call("dmesg").text_or("text", ""), "xen-core: one\nxen-core: two\n");
    EXPECT_EQ(platform.call("log", R"({"domain":"console","lines":5})").text_or("text", ""), "console said 5\n");
    (void)platform.call("create", linux_guest);
    EXPECT_EQ(platform.call("log", R"({"lines":1})").find("lines")->as_array()->at(0).text_or("text", ""),
              "guest `web` (domain 4) created");
}

TEST(Api, PinsOneOrAllVcpus) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    const auto pinned = [&](unsigned vcpu) {
        return cpu_set_text(platform.hypervisor.vcpu(platform.id_of("web"), vcpu).hard);
    };
    (void)platform.call("vcpu-pin", R"({"domain":"web","vcpu":2,"hard":"1"})");
    EXPECT_EQ(pinned(2), "1");
    EXPECT_EQ(pinned(0), "all");
    (void)platform.call("vcpu-pin", R"({"domain":"web","hard":"0-1"})");
    EXPECT_EQ(pinned(0), "0-1");
    EXPECT_EQ(pinned(3), "0-1");
    EXPECT_EQ(platform.error("vcpu-pin", R"({"domain":"web","vcpu":4,"hard":"0"})"),
              "bad-request: vcpu-pin: `vcpu` is 4, and there are 4");
    EXPECT_EQ(platform.error("vcpu-pin", R"({"domain":"web","vcpu":1})").substr(0, 12), "bad-request:");
}

TEST(Api, VcpusAndMemoryGoByXenstore) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    const std::string top = "/local/domain/" + std::to_string(platform.id_of("web"));
    (void)platform.call("vcpu-set", R"({"domain":"web","count":3})");
    EXPECT_EQ(platform.store.tree.at(top + "/cpu/2/availability").value, "online");
    EXPECT_EQ(platform.store.tree.at(top + "/cpu/3/availability").value, "offline");
    EXPECT_EQ(platform.error("vcpu-set", R"({"domain":"web","count":5})").substr(0, 8), "refused:");
    (void)platform.call("mem-set", R"({"domain":"web","memory_kib":32768})");
    EXPECT_EQ(platform.store.tree.at(top + "/memory/target").value, "32768");
    EXPECT_EQ(platform.hypervisor.all.at(platform.id_of("web")).state.most_pages, (32768u + 1024) / 4);
    EXPECT_EQ(platform.error("mem-set", R"({"domain":"web","memory_kib":262144})").substr(0, 8), "refused:");
    EXPECT_EQ(remember(platform.journal).guests.begin()->second.config.vcpus, 3u);
}

TEST(Api, SchedulingStaysAfterAReboot) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    (void)platform.call("sched", R"({"domain":"web","weight":512,"cap":50})");
    EXPECT_EQ(platform.hypervisor.all.at(platform.id_of("web")).scheduling.weight, 512u);
    platform.clock.now += 60 * second;
    platform.hypervisor.end(platform.id_of("web"), ShutdownReason::reboot);
    platform.look_after();
    EXPECT_NE(platform.builder.sections.back().find("weight = 512\ncap = 50\n"), std::string::npos);
    EXPECT_EQ(platform.call("sched").find("domains")->as_array()->size(), 5u);
    EXPECT_EQ(platform.error("sched", R"({"weight":1})"), "bad-request: sched: `domain` is missing");
}

TEST(Rights, AndWhatAGuestDependsOn) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    const DomainNumber web = platform.id_of("web");
    auto& held = platform.hypervisor.held;
    held[0].everything = true;
    held[1].platform = {"read_log"};
    held[3].targets = {{web, {"control"}}, {1, {"control"}}};
    (void)platform.hypervisor.add(5, 1);
    held[5].platform = {"inspect"}; // which is no power over anybody

    const json::Value result = platform.call("trust", R"({"domain":"web"})");
    std::string text;
    for (const json::Value& each : *result.find("depends_on")->as_array()) {
        text += each.text_or("name", "") + ":";
        for (const json::Value& why : *each.find("why")->as_array()) text += " " + *why.as_string() + ";";
        text += "\n";
    }
    EXPECT_EQ(text.substr(0, text.find('\n')), "founder: holds every right, except to sealed memory, over it, console, "
                                               "xenstore and toolstack;");
    EXPECT_NE(text.find("console: sees and types on its console;\n"), std::string::npos) << text;
    EXPECT_NE(text.find("xenstore: answers what it reads in xenstore;\n"), std::string::npos) << text;
    EXPECT_NE(text.find("toolstack: may stop, slow and destroy it and console;\n"), std::string::npos) << text;
    EXPECT_EQ(text.find("(unknown)"), std::string::npos);
    EXPECT_EQ(platform.call("rights").find("domains")->as_array()->size(), 6u);

    platform.hypervisor.can_list_rights = false;
    EXPECT_EQ(platform.error("rights"), "unsupported: the hypervisor cannot list rights");
    EXPECT_EQ(platform.error("trust", R"({"domain":"web"})"), "unsupported: the hypervisor cannot list rights");
}

TEST(Restart, OfAService) {
    FakePlatform platform;
    platform.hypervisor.on_shut_down = [&](DomainNumber id) { platform.hypervisor.all.at(id).state.shut_down = false; };
    EXPECT_GE(platform.call("restart", R"({"domain":"console"})").integer_or("pause_ns", -1), 0);
    EXPECT_EQ(platform.error("restart", R"({"domain":"founder"})").substr(0, 8), "refused:");
    platform.hypervisor.on_shut_down = nullptr;
    EXPECT_EQ(platform.error("restart", R"({"domain":"xenstore"})").substr(0, 10), "timed-out:");
    (void)platform.call("restart", R"({"domain":"toolstack"})");
    EXPECT_EQ(platform.ended_self, 1);
    (void)platform.call("create", linux_guest);
    EXPECT_EQ(platform.error("restart", R"({"domain":"web"})").substr(0, 8), "refused:");
    EXPECT_EQ(platform.error("destroy", R"({"domain":"console"})").substr(0, 8), "refused:");
}

class ImagesTest : public testing::Test {
  protected:
    std::string put(const std::string& name, const std::string& content, FakeCall& client, std::string hash = "") {
        json::Value params;
        if (!name.empty()) params["name"] = name;
        params["hint"] = "my kernel!.gz";
        params["size"] = std::uint64_t{content.size()};
        params["sha256"] = hash.empty() ? sha256_of(content) : hash;
        params["automatic"] = automatic;
        try {
            const json::Value result = platform.call("images.put", json::write(params), client);
            return result.text_or("name", "") + (result.bool_or("was_there", false) ? " was there" : "");
        } catch (const Failure& failure) { return failure.code; }
    }
    FakePlatform platform;
    bool automatic = false;
};

TEST_F(ImagesTest, AreSentOnce) {
    const std::string content(50'000, 'x');
    FakeCall client, again, other_name;
    client.to_send = {content.substr(0, 20'000), content.substr(20'000)};
    EXPECT_EQ(put("big", content, client), "big");
    EXPECT_EQ(platform.builder.held.at("big"), content);
    EXPECT_EQ(put("big", content, again), "big was there");
    EXPECT_TRUE(again.events.empty());
    EXPECT_EQ(put("", content, other_name), "big was there");
    EXPECT_EQ(remember(platform.journal).images.at("big").sha256, sha256_of(content));
}

TEST_F(ImagesTest, ComeThroughSharedMemory) {
    const std::string content(40'000, 'w');
    platform.window.content = content + std::string(100, '.');
    FakeCall client, too_large;
    EXPECT_EQ(put("big", content, client), "big");
    EXPECT_TRUE(client.events.front().bool_or("window", false));
    EXPECT_EQ(platform.builder.held.at("big"), content);
    platform.window.content[5] = 'x'; // somebody else writes there
    FakeCall other;
    EXPECT_EQ(put("other", content + "y", other), "bad-request");
    too_large.to_send = {std::string(50'000, 'l')};
    EXPECT_EQ(put("large", too_large.to_send[0], too_large), "large");
    EXPECT_FALSE(too_large.events.front().bool_or("window", true));
}

TEST_F(ImagesTest, GetAFreeName) {
    FakeCall client;
    client.to_send = {"abc"};
    EXPECT_EQ(put("", "abc", client), "mykernel.gz." + sha256_of("abc").substr(0, 8));
}

TEST_F(ImagesTest, ThatAreNotWhatWasAnnouncedAreDropped) {
    FakeCall wrong, less, more, away;
    wrong.to_send = {"abd"};
    EXPECT_EQ(put("k", "abc", wrong), "bad-request");
    less.to_send = {"ab"};
    EXPECT_EQ(put("k", "abc", less), "bad-request");
    more.to_send = {"abcd"};
    EXPECT_EQ(put("k", "abc", more), "bad-request");
    away.to_send = {"ab"};
    away.goes_away = true;
    EXPECT_EQ(put("k", "abc", away), "cancelled");
    EXPECT_FALSE(platform.builder.held.contains("k"));
    EXPECT_FALSE(platform.images.uploading());
    EXPECT_TRUE(remember(platform.journal).images.empty());
}

TEST_F(ImagesTest, InUseStay) {
    (void)platform.call("create", linux_guest);
    EXPECT_EQ(platform.error("images.drop", R"({"name":"vmlinuz"})"), "refused: image `vmlinuz` is in use by `web`");
    FakeCall client;
    client.to_send = {"abc"};
    EXPECT_EQ(put("vmlinuz", "abc", client), "refused");
    EXPECT_EQ(platform.error("images.drop", R"({"name":"nosuch"})"), "not-found: there is no image `nosuch`");
    EXPECT_EQ(platform.error("images.drop", R"({"name":"hello"})"), "");
}

TEST_F(ImagesTest, ThatCameWithAGuestGoWithTheLast) {
    automatic = true;
    FakeCall client;
    client.to_send = {"abc"};
    const std::string name = put("", "abc", client);
    for (const char* guest : {"one", "two"}) {
        json::Value params = json::parse(linux_guest);
        params["name"] = guest;
        params["kernel"] = name;
        (void)platform.call("create", json::write(params));
    }
    (void)platform.call("destroy", R"({"domain":"one"})");
    EXPECT_TRUE(platform.builder.held.contains(name));
    (void)platform.call("destroy", R"({"domain":"two"})");
    EXPECT_FALSE(platform.builder.held.contains(name));
    EXPECT_TRUE(platform.builder.held.contains("pv-boot"));
}

TEST(Console, PassesBytesBothWays) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    FakeCall client;
    client.to_send = {"ls\n", "exit\n"};
    EXPECT_EQ(platform.call("console", R"({"domain":"web"})", client).text_or("name", ""), "web");
    EXPECT_EQ(platform.consoles.typed, "ls\nexit\n");
    EXPECT_EQ(client.got, "echo: ls\necho: exit\n");
    EXPECT_TRUE(platform.consoles.attached.empty());
    EXPECT_EQ(platform.error("console", R"({"domain":"nosuch"})"), "not-found: there is no domain `nosuch`");
}

TEST(Console, TypesNoFasterThanTheGuestReads) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    FakeCall client;
    client.to_send = {std::string(10, 'a') + "b"};
    platform.consoles.room = 3;
    (void)platform.call("console", R"({"domain":"web"})", client);
    EXPECT_EQ(platform.consoles.typed, "aaaaaaaaaab");
}

TEST(Console, EndsWithTheGuestsLastWords) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    const DomainNumber id = platform.id_of("web");
    FakeCall client;
    client.to_send = {"x"};
    client.on_receive = [&] {
        platform.hypervisor.end(id, ShutdownReason::crash);
        platform.guests.look_after();
    };
    const json::Value result = platform.call("console", R"({"domain":"web"})", client);
    EXPECT_EQ(client.got, "last words\n");
    EXPECT_TRUE(result.bool_or("ended", false));
    EXPECT_EQ(result.text_or("how", ""), "crashed");
    EXPECT_FALSE(result.bool_or("again", true));
    // What it said can still be read; of whom nobody ever heard, not.
    EXPECT_EQ(platform.call("log", R"({"domain":"web","lines":2})").text_or("text", ""), "web said 2\n");
    EXPECT_EQ(platform.error("log", R"({"domain":"shop"})"), "not-found: there is no domain `shop`");
}

TEST(Console, OfAGuestThatRebootsIsToldSo) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    FakeCall client;
    client.to_send = {"x"};
    client.on_receive = [&] {
        platform.hypervisor.end(platform.id_of("web"), ShutdownReason::reboot);
        platform.guests.look_after();
    };
    const json::Value result = platform.call("console", R"({"domain":"web"})", client);
    EXPECT_EQ(result.text_or("how", ""), "rebooted");
    EXPECT_TRUE(result.bool_or("again", false));
    const auto& done = platform.fate.operations;
    EXPECT_NE(std::find(done.begin(), done.end(), "console add again"), done.end()) << "its log goes on";
}

TEST(Console, OfAPreservedGuestEndsToo) {
    FakePlatform platform;
    std::string wish = linux_guest;
    wish.insert(1, R"("on_crash":"preserve",)");
    (void)platform.call("create", wish);
    FakeCall client;
    client.to_send = {"x"};
    client.on_receive = [&] {
        platform.hypervisor.end(platform.id_of("web"), ShutdownReason::crash);
        platform.guests.look_after();
    };
    EXPECT_TRUE(platform.call("console", R"({"domain":"web"})", client).bool_or("ended", false));
    EXPECT_NE(platform.guests.find("web"), nullptr);
}

TEST(Console, LetsAPausedGuestGoOnOnceAttached) {
    FakePlatform platform;
    std::string wish = linux_guest;
    wish.insert(1, R"("paused":true,)");
    (void)platform.call("create", wish);
    platform.hypervisor.on_unpause = [&](DomainNumber id) {
        EXPECT_TRUE(platform.consoles.attached.contains("web"));
        platform.hypervisor.end(id, ShutdownReason::power_off);
        platform.guests.look_after();
    };
    FakeCall client;
    EXPECT_EQ(platform.call("console", R"({"domain":"web","unpause":true})", client).text_or("how", ""), "powered off");
    EXPECT_EQ(client.got, "last words\n");
}

TEST(Console, TheKeyboardOfTheSerialLineIsGiven) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    (void)platform.call("keyboard", R"({"domain":"web"})");
    EXPECT_EQ(platform.consoles.keyboard, "web");
}

TEST(Console, OfAClientThatDoesNotReadMissesSomeAndIsTold) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    FakeCall client;
    client.credit = 10;
    client.to_send = {std::string(60'000, 'a'), std::string(60'000, 'b'), "c"};
    EXPECT_GT(platform.call("console", R"({"domain":"web"})", client).integer_or("missed", 0), 50'000);
    EXPECT_EQ(client.got.size(), 10u);
}

TEST(Console, TellsWhenTheConsoleDomainGoes) {
    FakePlatform platform;
    (void)platform.call("create", linux_guest);
    FakeCall client;
    client.to_send = {"x", "y"};
    client.on_receive = [&] {
        for (const auto& [name, attached] : std::exchange(platform.consoles.attached, {})) attached.lost();
    };
    try {
        (void)platform.call("console", R"({"domain":"web"})", client);
        FAIL();
    } catch (const Failure& failure) { EXPECT_EQ(failure.code, "unavailable"); }
    platform.fate.fails_at = platform.fate.count;
    EXPECT_EQ(platform.error("console", R"({"domain":"web"})"), "internal: fate: attach");
    EXPECT_EQ(platform.error("console", R"({"domain":"web"})"), "");
}

TEST(CpuSets, AsXlWritesThem) {
    EXPECT_EQ(cpu_set_text(parse_cpu_set("0-3,6")), "0-3,6");
    EXPECT_EQ(cpu_set_text(parse_cpu_set("0-3, ^1-2")), "0,3");
    EXPECT_EQ(cpu_set_text(parse_cpu_set("all")), "all");
    EXPECT_EQ(cpu_set_text(parse_cpu_set("all,^0")), "1-127");
    for (const char* wrong : {"", "x", "3-1", "128", "1,,2", "^0", "-1", "1-", "node:0"})
        EXPECT_THROW((void)parse_cpu_set(wrong), Failure) << wrong;
}

} // namespace
} // namespace skerry::toolstack::test
