// SPDX-License-Identifier: MIT
// The platform's life, on a simulated hypervisor: order, command lines, policies, and every single call failing.
#include "builder-domain/platform/platform.h"
#include "tests/unit/builder-domain/elf_file.h"
#include "tests/unit/builder-domain/fake_hypervisor.h"

#include <minios/control_operations.h>

#include <gtest/gtest.h>

namespace skerry::builder {
namespace {

class FakeSurroundings : public Surroundings {
  public:
    std::vector<std::string> lines;
    std::vector<uint32_t> rung;
    std::vector<std::string> consoles;
    unsigned slept = 0;

    void say(std::string_view line) override { lines.emplace_back(line); }
    void sleep_ms(unsigned duration) override { slept += duration; }
    void wait_for_ring(unsigned most_ms) override { now += most_ms * 1000; }
    uint64_t now_us() override { return now; }
    uint64_t now = 7;
    Result<Port> bind(DomId domain, Port remote) override { return Port(domain.value * 100u + remote.value); }
    void notify(Port port) override { rung.push_back(port.value); }
    void close(Port) override {}
    Result<StateArea> lend_state(DomId domain, uint64_t pages) override {
        lent[domain.value] += pages;
        return StateArea{40, pages};
    }
    std::map<domid_t, uint64_t> lent;
    Status attach_console(std::string_view name, DomId, Port) override {
        consoles.emplace_back(name);
        return {};
    }
    void detach_console(DomId) override { consoles.clear(); }

    bool said(const std::string& part) const {
        for (const auto& line : lines)
            if (line.find(part) != line.npos) return true;
        return false;
    }
};

const std::string console_section = "[domain con]\nkernel=unikernel\nmemory=4M\ncmdline=hello\nioports=0x3f8-0x3ff\n"
                                    "irqs=4\nrights=read_log\nconsole=founder\non_crash=reboot\n";
const std::string guest_section =
    "[domain guest]\nloader=unikernel\nkernel=vmlinuz\nramdisk=initrd\nmemory=6M\nmax_memory=8M\nvcpus=2\n"
    "weight=512\naffinity=0-1\nconsole=con\non_poweroff=poweroff-platform\n";

class PlatformTest : public ::testing::Test {
  protected:
    void add(const std::string& name, std::string data) {
        static std::vector<std::unique_ptr<std::string>> kept;
        kept.push_back(std::make_unique<std::string>(name));
        const std::string& kept_name = *kept.back();
        kept.push_back(std::make_unique<std::string>(std::move(data)));
        ASSERT_TRUE(modules_.add(kept_name, bytes_of(*kept.back())).ok());
    }
    std::string start(const std::string& description) {
        add("platform", description);
        add("unikernel", small_kernel().file());
        add("vmlinuz", "MZ kernel");
        add("initrd", "ramdisk");
        platform_ = std::make_unique<Platform>(hypervisor_, surroundings_, modules_);
        if (auto prepared = platform_->prepare(); !prepared.ok()) return std::string(prepared.failure().text());
        if (auto started = platform_->start(); !started.ok()) return std::string(started.failure().text());
        return "";
    }
    std::string cmdline_of(domid_t id) {
        auto address = hypervisor_.domains.at(id).context.user_regs.rsi;
        return reinterpret_cast<const char*>(hypervisor_.read_as<start_info_t>(id, address).cmd_line);
    }
    void ends(domid_t id, unsigned code) {
        hypervisor_.domains.at(id).flags = XEN_DOMINF_shutdown | code << XEN_DOMINF_shutdownshift;
    }

    FakeHypervisor hypervisor_;
    FakeSurroundings surroundings_;
    ModuleSet modules_;
    std::unique_ptr<Platform> platform_;
};

TEST_F(PlatformTest, BuildsSealsAndStarts) {
    ASSERT_EQ(start(guest_section + console_section), "");
    // Services are made first, whatever the order of the description.
    ASSERT_EQ(hypervisor_.domains.size(), 2u);
    const auto& console = hypervisor_.domains[1];
    const auto& guest = hypervisor_.domains[2];
    EXPECT_EQ(console.granted, (std::vector<std::string>{"right 3", "log", "irq", "ports"}));
    EXPECT_EQ(guest.granted, (std::vector<std::string>{"affinity", "affinity"}));
    EXPECT_EQ(guest.weight, 512);
    EXPECT_EQ(guest.vcpus, 2u);
    EXPECT_EQ(console.map_bytes, 0u);
    EXPECT_EQ(guest.map_bytes, 8u << 20); // in which its balloon can grow
    EXPECT_EQ(guest.max_pages, 2048u);
    EXPECT_TRUE(console.sealed && console.started && guest.sealed && guest.started);
    EXPECT_EQ(console.ports, (std::vector<domid_t>{0, 0})); // its own console, and the builder's line to it
    EXPECT_EQ(guest.ports, (std::vector<domid_t>{1}));
    EXPECT_EQ(cmdline_of(1), "hello builder=2 guest=2:1:guest");
    EXPECT_EQ(cmdline_of(2), "");
    EXPECT_EQ(surroundings_.consoles, (std::vector<std::string>{"con"}));
    EXPECT_EQ(
        surroundings_.lines,
        (std::vector<std::string>{"domain 2 guest: 6M, 2 vCPUs, unikernel, console by con, sealed",
                                  "domain 1 con: 4M, 1 vCPU, unikernel, sealed", "2 of 2 domains run, built in 0 us"}));
}

TEST_F(PlatformTest, NothingIsCreatedUnlessAllChecksPass) {
    EXPECT_EQ(start("[domain a]\nkernel=unikernel\nmemory=4M\n[domain b]\nkernel=missing\nmemory=4M\n"),
              "platform, line 4: domain b: there is no boot module `missing` for its `kernel`");
    EXPECT_EQ(hypervisor_.calls, 0);
}

TEST_F(PlatformTest, OtherThingsThatArePointedOut) {
    EXPECT_EQ(start("[domain a]\nkernel=vmlinuz\nmemory=4M\n"),
              "platform, line 1: domain a: cannot start `vmlinuz`: it is too short for an ELF file");
    modules_ = ModuleSet();
    add("big", std::string(5 << 20, 'x'));
    EXPECT_EQ(start("[domain a]\nloader=unikernel\nkernel=big\nmemory=4M\n"),
              "platform, line 1: domain a: its module of 5124K does not fit its memory of 4096K");
    modules_ = ModuleSet();
    EXPECT_EQ(start("[domain a]\nkernal=x\n"), "platform, line 2: unknown key `kernal` in domain a");
    modules_ = ModuleSet();
    EXPECT_EQ(start("[domain a]\nkernel=unikernel\nmemory=4M\nrights=everything\n"),
              "platform, line 1: domain a: there is no right `everything`");
    modules_ = ModuleSet();
    platform_ = std::make_unique<Platform>(hypervisor_, surroundings_, modules_);
    EXPECT_EQ(platform_->prepare().failure().text(), "there is no boot module named `platform` (of 0)");
}

TEST_F(PlatformTest, HypervisorThatCannotSealIsAFailure) {
    hypervisor_.knows_seal = false;
    EXPECT_EQ(start("[domain a]\nkernel=unikernel\nmemory=4M\n"), "no domain could be built");
    EXPECT_TRUE(surroundings_.said("domain a was not built: sealing it: ENOSYS"));
    EXPECT_TRUE(hypervisor_.domains.empty());
}

TEST_F(PlatformTest, UnlessTheDescriptionWantsItUnsealed) {
    hypervisor_.knows_seal = false;
    EXPECT_EQ(start("[domain a]\nkernel=unikernel\nmemory=4M\nseal=no\n"), "");
    EXPECT_TRUE(surroundings_.said("NOT SEALED"));
}

// Whichever call fails, a domain is whole or gone, nobody is started whose service is missing, and it is said.
TEST_F(PlatformTest, EachCallThatFailsIsUndoneWhole) {
    int total = 0;
    ASSERT_EQ(start(guest_section + console_section), "");
    total = hypervisor_.calls;
    ASSERT_GT(total, 30);
    for (int call = 0; call < total; ++call) {
        SCOPED_TRACE(call);
        FakeHypervisor hypervisor;
        hypervisor.fail_call = call;
        FakeSurroundings surroundings;
        auto platform = std::make_unique<Platform>(hypervisor, surroundings, modules_);
        ASSERT_TRUE(platform->prepare().ok());
        bool started = platform->start().ok();
        for (const auto& [id, domain] : hypervisor.domains)
            EXPECT_TRUE(domain.started && domain.sealed && domain.has_context) << id;
        EXPECT_EQ(started, !hypervisor.domains.empty());
        EXPECT_TRUE(hypervisor.domains.contains(1) || !hypervisor.domains.contains(2)) << "a guest without its console";
        // Running out of large extents is no failure: there are small ones.
        EXPECT_TRUE(surroundings.said("was not built: ") || hypervisor.domains.size() == 2);
    }
}

TEST_F(PlatformTest, GuestWithoutItsServiceIsNotBuilt) {
    hypervisor_.fail_call = 0;
    EXPECT_EQ(start(guest_section + console_section), "no domain could be built");
    EXPECT_TRUE(surroundings_.said("domain con was not built: creating it: ENOMEM"));
    EXPECT_TRUE(surroundings_.said("domain guest was not built: it needs domain con, which was not built"));
}

TEST_F(PlatformTest, GuestsThatDoNotFitTheCommandLine) {
    std::string text = console_section;
    for (int i = 0; i < 60; ++i)
        text += "[domain guest-with-a-long-name" + std::to_string(i) + "]\nkernel=unikernel\nmemory=2M\nconsole=con\n";
    EXPECT_EQ(start(text), "no domain could be built");
    EXPECT_TRUE(surroundings_.said("domain con was not built: its command line with all its guests is longer"));
}

TEST_F(PlatformTest, PoweroffOfTheGuestEndsThePlatform) {
    ASSERT_EQ(start(guest_section + console_section), "");
    EXPECT_EQ(platform_->look_after_domains(), Platform::Verdict::go_on);
    ends(2, SHUTDOWN_poweroff);
    EXPECT_EQ(platform_->look_after_domains(), Platform::Verdict::power_off);
    EXPECT_TRUE(surroundings_.said("domain 2 guest powered off: the platform powers off"));
}

TEST_F(PlatformTest, RebootBuildsItAgainWithItsNumberAndPorts) {
    ASSERT_EQ(start(guest_section + console_section), "");
    ends(2, SHUTDOWN_reboot);
    EXPECT_EQ(platform_->look_after_domains(), Platform::Verdict::go_on);
    ASSERT_TRUE(hypervisor_.domains.contains(2));
    EXPECT_EQ(hypervisor_.domains[2].flags, 0u);
    EXPECT_TRUE(hypervisor_.domains[2].started && hypervisor_.domains[2].sealed);
    EXPECT_EQ(hypervisor_.domains[2].ports, (std::vector<domid_t>{1}));
    EXPECT_EQ(surroundings_.rung, (std::vector<uint32_t>{102, 102})); // the console domain, once gone and once back
    EXPECT_TRUE(hypervisor_.domains[1].started);
}

TEST_F(PlatformTest, DomainThatNeverLivesLongIsNotBuiltForEver) {
    ASSERT_EQ(start("[domain a]\nkernel=unikernel\nmemory=4M\non_crash=reboot\n"), "");
    auto crash = [&](uint64_t later) {
        surroundings_.now += later;
        ends(1, SHUTDOWN_crash);
        platform_->look_after_domains();
    };
    for (int i = 0; i < 5; ++i) crash(1000);
    crash(2'000'000); // a longer life makes up for them
    for (int i = 0; i < 5; ++i) crash(1000);
    EXPECT_TRUE(hypervisor_.domains.contains(1));
    crash(1000);
    EXPECT_FALSE(hypervisor_.domains.contains(1));
    EXPECT_TRUE(
        surroundings_.said("domain 1 a ended within a second of its start 6 times in a row: destroyed instead"));
}

TEST_F(PlatformTest, ServiceIsBuiltAgainForItsGuests) {
    ASSERT_EQ(start(guest_section + console_section), "");
    ends(1, SHUTDOWN_crash);
    EXPECT_EQ(platform_->look_after_domains(), Platform::Verdict::go_on);
    EXPECT_EQ(cmdline_of(1), "hello builder=2 guest=2:1:guest");
    EXPECT_TRUE(hypervisor_.domains[1].started && hypervisor_.domains[2].started);
    EXPECT_EQ(surroundings_.consoles, (std::vector<std::string>{"con"}));
}

TEST_F(PlatformTest, CrashDestroysByDefaultAndKeepKeeps) {
    ASSERT_EQ(start(guest_section + console_section + "[domain kept]\nkernel=unikernel\nmemory=4M\non_crash=keep\n"),
              "");
    ends(2, SHUTDOWN_crash);
    ends(3, SHUTDOWN_watchdog);
    EXPECT_EQ(platform_->look_after_domains(), Platform::Verdict::go_on);
    EXPECT_FALSE(hypervisor_.domains.contains(2));
    EXPECT_TRUE(hypervisor_.domains.contains(3));
    EXPECT_TRUE(surroundings_.said("domain 2 guest crashed: destroyed"));
    EXPECT_TRUE(surroundings_.said("domain 3 kept was stopped by its watchdog: kept as it is"));
    size_t lines = surroundings_.lines.size();
    platform_->look_after_domains();
    EXPECT_EQ(surroundings_.lines.size(), lines); // said once
}

TEST_F(PlatformTest, DomainDestroyedBySomebodyElseIsNoticed) {
    ASSERT_EQ(start(guest_section + console_section), "");
    hypervisor_.domains.erase(2);
    platform_->look_after_domains();
    EXPECT_TRUE(surroundings_.said("domain 2 guest was destroyed"));
    EXPECT_EQ(surroundings_.rung, (std::vector<uint32_t>{102, 102}));
}

// A control plane: channels, state, and control over each other and over guests that the service built.
const std::string plane = "[domain tool]\nkernel=unikernel\nmemory=4M\nchannel=builds,con\nknows=con,builds\nstate=8K\n"
                          "rights=inspect,control_services,control_guests\non_crash=reboot\n"
                          "[domain builds]\nkernel=unikernel\nmemory=4M\nrights=create_domains\non_crash=reboot\n"
                          "[domain con]\nkernel=unikernel\nmemory=4M\n";

TEST_F(PlatformTest, ChannelsStateAndNumbersAreTold) {
    ASSERT_EQ(start(plane), "");
    EXPECT_EQ(cmdline_of(1), " builder=3 state=0:40:2 domain=con:3 domain=builds:2 channel=builds:1 channel=con:2");
    EXPECT_EQ(cmdline_of(2), " builder=1 client=1:1:2:tool");
    EXPECT_EQ(cmdline_of(3), " builder=1 client=1:2:3:tool");
    EXPECT_EQ(hypervisor_.domains[1].ports, (std::vector<domid_t>{2, 3, 0}));
    EXPECT_EQ(surroundings_.lent, (std::map<domid_t, uint64_t>{{1, 2}}));
    const auto& tool = hypervisor_.domains[1];
    const auto& grants = hypervisor_.frame(tool.grant_frame);
    grant_entry_v1_t entries[4];
    std::memcpy(entries, grants.data(), sizeof(entries));
    auto info = hypervisor_.read_as<start_info_t>(1, tool.context.user_regs.rsi);
    size_t console = std::find(tool.p2m.begin(), tool.p2m.end(), info.console.domU.mfn) - tool.p2m.begin();
    EXPECT_EQ(entries[0].flags | entries[1].flags, 0);
    for (unsigned channel : {0u, 1u}) {
        EXPECT_EQ(entries[2 + channel].flags, GTF_permit_access);
        EXPECT_EQ(entries[2 + channel].domid, 2 + channel);
        EXPECT_EQ(entries[2 + channel].frame, tool.p2m[console + 1 + channel]);
        for (std::byte byte : hypervisor_.frame(entries[2 + channel].frame)) ASSERT_EQ(byte, std::byte{0});
    }
}

TEST_F(PlatformTest, ControlIsGivenToWhoShallHaveItAsDomainsComeAndGo) {
    ASSERT_EQ(start(plane), "");
    EXPECT_EQ(hypervisor_.domains[1].granted, (std::vector<std::string>{"right 2", "right 0 over 2", "right 0 over 3",
                                                                        "right 0 over 2", "right 0 over 3"}));
    hypervisor_.domains[9].flags = 0; // what the service built
    ends(1, SHUTDOWN_crash);
    platform_->look_after_domains();
    EXPECT_EQ(hypervisor_.domains[1].granted,
              (std::vector<std::string>{"right 2", "right 0 over 2", "right 0 over 3", "right 0 over 9"}));
    ends(2, SHUTDOWN_crash);
    platform_->look_after_domains();
    EXPECT_EQ(hypervisor_.domains[1].granted.back(), "right 0 over 2");
    EXPECT_EQ(surroundings_.lent, (std::map<domid_t, uint64_t>{{1, 2}})); // lent once
}

// What a builder was making when it was killed is nobody's; what it had handed over is the toolstack's.
TEST_F(PlatformTest, EndsWhatABuilderWasJustMaking) {
    constexpr uint8_t control = 1 << minios::control::over_life, memory = 1 << minios::control::over_memory;
    const auto make_guests = [&] {
        hypervisor_.domains[7].holders = {{2, control | memory}};               // being made
        hypervisor_.domains[8].holders = {{1, control}};                        // handed over
        hypervisor_.domains[9].holders = {{1, control}, {2, control | memory}}; // just being handed over
    };
    ASSERT_EQ(start(plane), "");
    make_guests();
    ends(1, SHUTDOWN_crash); // a toolstack makes nothing
    platform_->look_after_domains();
    EXPECT_EQ(hypervisor_.domains.size(), 6u);
    for (bool destroyed_by_another : {false, true}) {
        make_guests();
        destroyed_by_another ? (void)hypervisor_.domains.erase(2) : ends(2, SHUTDOWN_crash);
        platform_->look_after_domains();
        EXPECT_FALSE(hypervisor_.domains.contains(7));
        EXPECT_TRUE(hypervisor_.domains.contains(8));
        EXPECT_FALSE(hypervisor_.domains.contains(9));
        EXPECT_TRUE(hypervisor_.domains.at(2).started); // and it is there again
    }
}

// Built again, a service is whole or gone, too, and the platform goes on.
TEST_F(PlatformTest, EachCallThatFailsWhileAServiceIsBuiltAgain) {
    ASSERT_EQ(start(plane), "");
    const int before = hypervisor_.calls;
    ends(2, SHUTDOWN_crash);
    platform_->look_after_domains();
    const int total = hypervisor_.calls - before;
    ASSERT_GT(total, 20);
    for (int call = 0; call < total; ++call) {
        SCOPED_TRACE(call);
        FakeHypervisor hypervisor;
        FakeSurroundings surroundings;
        Platform platform(hypervisor, surroundings, modules_);
        ASSERT_TRUE(platform.prepare().ok());
        ASSERT_TRUE(platform.start().ok());
        hypervisor.domains.at(2).flags = XEN_DOMINF_shutdown | SHUTDOWN_crash << XEN_DOMINF_shutdownshift;
        hypervisor.fail_call = hypervisor.calls + call;
        EXPECT_EQ(platform.look_after_domains(), Platform::Verdict::go_on);
        hypervisor.fail_call = -1;
        platform.look_after_domains();
        ASSERT_TRUE(hypervisor.domains.contains(2)); // at once, or when it is tried again
        const auto& again = hypervisor.domains.at(2);
        EXPECT_TRUE(again.started && again.sealed && again.has_context);
        EXPECT_FALSE(platform.is_one_missing());
        EXPECT_TRUE(hypervisor.domains.at(1).started && hypervisor.domains.at(3).started);
    }
}

TEST_F(PlatformTest, WaitsUntilTheFormerSelfIsGone) {
    ASSERT_EQ(start(plane), "");
    hypervisor_.lingering = 5;
    ends(2, SHUTDOWN_crash);
    platform_->look_after_domains();
    EXPECT_TRUE(hypervisor_.domains.at(2).started);
    EXPECT_EQ(hypervisor_.domains.at(2).flags, 0u);

    hypervisor_.lingering = 1'000'000; // somebody never lets go
    ends(2, SHUTDOWN_crash);
    platform_->look_after_domains();
    EXPECT_TRUE(surroundings_.said("domain builds was not built: its former self is still in use"));
    EXPECT_TRUE(hypervisor_.domains.at(1).started);
    EXPECT_TRUE(platform_->is_one_missing());
    const size_t lines = surroundings_.lines.size();
    platform_->look_after_domains();
    EXPECT_EQ(surroundings_.lines.size(), lines); // said once
    hypervisor_.lingering = 0;
    platform_->look_after_domains();
    EXPECT_TRUE(hypervisor_.domains.at(2).started);
    EXPECT_FALSE(platform_->is_one_missing());
}

TEST_F(PlatformTest, ServiceThatSomebodyDestroysIsBuiltAgain) {
    ASSERT_EQ(start(plane), "");
    hypervisor_.domains.erase(2);
    surroundings_.rung.clear();
    platform_->look_after_domains();
    EXPECT_TRUE(hypervisor_.domains.contains(2));
    EXPECT_EQ(surroundings_.rung.back(), 301u); // all services hear of it
    EXPECT_TRUE(surroundings_.said("domain 2 builds was destroyed"));
}

} // namespace
} // namespace skerry::builder
