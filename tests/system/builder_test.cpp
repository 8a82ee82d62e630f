// SPDX-License-Identifier: MIT
// The builder domain in QEMU: what it builds starts, what ends is dealt with as described, what is wrong is told. All
// modules travel in one cpio archive, so that the same scenarios run on Debian's Xen (SKERRY_ORACLE=1), which cannot
// seal.
#include "qemu.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace skerry::test {
namespace {

using namespace std::chrono_literals;

bool oracle() { return std::getenv("SKERRY_ORACLE") != nullptr; }

class Builder : public testing::Test {
  protected:
    // Boots a platform of that description, with more modules as NAME -> FILE. "SEAL" in it becomes what works here.
    void boot(std::string description, const std::vector<std::pair<std::string, std::string>>& more = {}) {
        namespace fs = std::filesystem;
        fs::path folder = build_path("tests/platforms/" + name());
        fs::remove_all(folder);
        fs::create_directories(folder);
        for (size_t at; (at = description.find("SEAL")) != description.npos;)
            description.replace(at, 4, oracle() ? "seal = no" : "seal = yes");
        std::ofstream(folder / "platform") << description;
        fs::copy_file(build_path("builder-lodger"), folder / "lodger");
        for (const auto& [module, file] : more) fs::copy_file(file, folder / module);
        std::string archive = folder.string() + ".cpio";
        std::string pack =
            "cd '" + folder.string() + "' && find . -type f | cpio -o -H newc --quiet > ../" + name() + ".cpio";
        ASSERT_EQ(std::system(pack.c_str()), 0);
        Machine machine;
        machine.kernel = build_path(oracle() ? "debian/xen" : "xen-core");
        machine.options = "console=com1 dom0_mem=128M loglvl=all guest_loglvl=all";
        machine.modules = {build_path("builder-domain"), archive};
        qemu_ = std::make_unique<Qemu>(machine);
    }
    // The texts appear in this order.
    void expect(const std::vector<std::string>& texts, std::chrono::seconds limit = 90s) {
        for (const auto& text : texts)
            ASSERT_TRUE(qemu_->wait_for(text, limit)) << "no `" << text << "` in:\n" << qemu_->tail();
    }
    static std::string name() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }

    std::unique_ptr<Qemu> qemu_;
};

TEST_F(Builder, TellsWhichLineIsWrong) {
    boot("[domain a]\nkernel = lodger\nmemmory = 4M\n");
    expect({"founder: FAILED: platform, line 3: unknown key `memmory` in domain a"});
}

TEST_F(Builder, TellsWhichModuleIsNoKernel) {
    boot("[domain a]\nkernel = platform\nmemory = 4M\n");
    expect({"founder: FAILED: platform, line 1: domain a: cannot start `platform`: it is too short for an ELF file"});
}

TEST_F(Builder, StartsADomainWithItsWordsAndModule) {
    boot("[domain a]\nkernel = lodger\nramdisk = platform\nmemory = 4M\nvcpus = 2\ncmdline = end=poweroff one two\n"
         "weight = 512\ncap = 150\naffinity = 0-1\nconsole = founder\nSEAL\non_poweroff = poweroff-platform\n");
    expect({oracle() ? "founder: domain 1 a: 4M, 2 vCPUs, lodger, NOT SEALED"
                     : "founder: domain 1 a: 4M, 2 vCPUs, lodger, sealed",
            "founder: 1 of 1 domains run", "a: lodger: 1024 pages, command line `end=poweroff one two`",
            " first 5b last 0a", "founder: domain 1 a powered off: the platform powers off"});
}

TEST_F(Builder, CrashOfOneLeavesTheOtherAlone) {
    boot("[domain bad]\nkernel = lodger\nmemory = 4M\ncmdline = end=crash\nconsole = founder\nSEAL\n"
         "[domain good]\nkernel = lodger\nmemory = 4M\ncmdline = after=500 say=alive end=poweroff\nconsole = "
         "founder\nSEAL\n"
         "on_poweroff = poweroff-platform\n");
    expect({"founder: 2 of 2 domains run", "founder: domain 1 bad crashed: destroyed", "good: lodger: alive",
            "founder: domain 2 good powered off: the platform powers off"});
}

TEST_F(Builder, RebootBuildsItAgain) {
    boot("[domain a]\nkernel = lodger\nmemory = 4M\ncmdline = after=20 end=reboot\nconsole = founder\nSEAL\n");
    for (int round = 0; round < 3; ++round)
        expect(
            {"a: lodger: 1024 pages", "founder: domain 1 a wants to reboot: built again", "founder: domain 1 a: 4M"});
}

TEST_F(Builder, DomainThatDoesNotFitIsNamedAndTheOthersRun) {
    boot("[domain large]\nkernel = lodger\nmemory = 4G\nSEAL\n"
         "[domain small]\nkernel = lodger\nmemory = 4M\nconsole = founder\ncmdline = end=poweroff\nSEAL\n"
         "on_poweroff = poweroff-platform\n");
    expect({"founder: domain large was not built: allocating memory: ", "K of 4194304K were free",
            "founder: 1 of 2 domains run", "small: lodger: 1024 pages", "small powered off: the platform powers off"});
}

TEST_F(Builder, SixteenDomainsComeAndGo) {
    std::string text;
    for (int i = 0; i < 16; ++i)
        text += "[domain d" + std::to_string(i) + "]\nkernel = lodger\nmemory = 4M\nSEAL\ncmdline = end=poweroff\n";
    boot(text +
         "[domain last]\nkernel = lodger\nmemory = 4M\nconsole = founder\nSEAL\ncmdline = after=3000 end=poweroff\n"
         "on_poweroff = poweroff-platform\n");
    expect({"founder: 17 of 17 domains run", "last powered off: the platform powers off"});
    for (int i = 0; i < 16; ++i)
        EXPECT_NE(qemu_->output().find("d" + std::to_string(i) + " powered off: destroyed"), std::string::npos) << i;
}

TEST_F(Builder, LinuxUnpacksInsideItsOwnDomain) {
    boot("[domain guest]\nloader = pv-boot\nkernel = vmlinuz\nramdisk = initrd\nmemory = 192M\nvcpus = 2\nconsole = "
         "founder\n"
         "cmdline = console=hvc0\nSEAL\non_crash = poweroff-platform\n",
         {{"pv-boot", build_path("pv-boot")},
          {"vmlinuz", build_path("debian/vmlinuz")},
          {"initrd", build_path("initramfs.cpio.gz")}});
    expect(
        {"guest: [    0.000000] Linux version ", "Hypervisor detected: Xen PV", "Run /init as init process", "2 CPUs"},
        180s);
}

// The builder as a service: a client asks for a domain, which is built, sealed, handed over and started; the images that it
// uploads survive the builder's death, which the client notices as a pause.
TEST_F(Builder, ServesAClientAndSurvivesItsOwnDeath) {
    if (oracle()) GTEST_SKIP() << "Xen knows no sealing and no rights";
    std::string folder = build_path("tests/platforms/service-files");
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/messages")
        << "images---\nimage mine 6---\ndata\nabcdef---\n"
           "build\n[domain first]\nkernel = lodger\nramdisk = mine\nmemory = 4M\ncmdline = end=poweroff\n---\n"
           "build\n[domain bad]\nkernel = lodger\nmemory = 4M\nioports = 0x60\n---\n"
           "end 3---\nkill 1---\nimages---\n"
           "build\n[domain second]\nkernel = lodger\nramdisk = mine\nmemory = 4M\ncmdline = end=poweroff\n---\nend 4";
    std::filesystem::copy_file(build_path("builder-lodger"), folder + "/lodger",
                               std::filesystem::copy_options::overwrite_existing);
    ASSERT_EQ(std::system(("cd '" + folder + "' && echo lodger | cpio -o -H newc --quiet > images").c_str()), 0);
    boot("[domain "
         "builder]\nkernel=builder-domain\nramdisk=images\nmemory=16M\nstate=1M\nrights=create_domains,grant_rights,"
         "inspect\nconsole=founder\non_crash=reboot\nSEAL\n"
         "[domain "
         "client]\nkernel=builder-client\nramdisk=messages\nmemory=8M\nchannel=builder\nrights=control_services\n"
         "console=founder\nSEAL\n",
         {{"builder-domain", build_path("builder-domain")},
          {"builder-client", build_path("builder-client")},
          {"images", folder + "/images"},
          {"messages", folder + "/messages"}});
    expect({"founder: 2 of 2 domains run", "client: ok", "client: ok 3 0 0", "client: starting domain 3: 0",
            "client: error `ioports` is not this builder's to give", "client: domain 3 ended with 0, destroyed: 0",
            "founder: domain 1 builder crashed: built again", "client: connected again", "mine 6", "client: ok 4 0 0",
            "client: domain 4 ended with 0, destroyed: 0"});
}

TEST_F(Builder, UnsealableDomainIsNotStarted) {
    if (!oracle()) GTEST_SKIP() << "xen-core can seal";
    boot("[domain a]\nkernel = lodger\nmemory = 4M\n");
    expect({"founder: domain a was not built: sealing it: ENOSYS", "founder: FAILED: no domain could be built"});
}

} // namespace
} // namespace skerry::test
