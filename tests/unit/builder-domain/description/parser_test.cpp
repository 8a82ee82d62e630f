// SPDX-License-Identifier: MIT
#include "builder-domain/description/parser.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace skerry::builder {
namespace {

struct Parsed {
    std::string text;
    std::unique_ptr<PlatformDescription> description = std::make_unique<PlatformDescription>();
    std::string error;
};

std::unique_ptr<Parsed> parse(std::string text) {
    auto parsed = std::make_unique<Parsed>();
    parsed->text = std::move(text);
    if (auto status = parse_description(parsed->text, *parsed->description); !status.ok())
        parsed->error = status.failure().text();
    return parsed;
}

std::string error_of(std::string text) { return parse(std::move(text))->error; }

const std::string minimal = "[domain a]\nkernel = k\nmemory = 4M\n";

TEST(Description, ReadsEveryKey) {
    auto parsed = parse("# a comment\n"
                        "[domain con]\n"
                        "kernel=console\n"
                        "memory=8192K\n"
                        "\n"
                        "[domain guest.1]\r\n"
                        "  loader = pv-boot\n"
                        "  kernel = vmlinuz\n"
                        "  ramdisk = initrd\n"
                        "  cmdline = console=hvc0 a=\"b c\"  # not a comment\n"
                        "  memory = 2G\n"
                        "  max_memory = 3G\n"
                        "  vcpus = 2\n"
                        "  weight = 512\n"
                        "  cap = 150\n"
                        "  affinity = 0-1, 3\n"
                        "  ioports = 0x3f8-0x3ff,0x60\n"
                        "  irqs = 4\n"
                        "  iomem = 0xfed00000-0xfed01fff\n"
                        "  rights = inspect, hardware\n"
                        "  console = con\n"
                        "  store = none\n"
                        "  seal = no\n"
                        "  on_poweroff = poweroff-platform\n"
                        "  on_reboot = keep\n"
                        "  on_crash = reboot");
    ASSERT_EQ(parsed->error, "");
    const auto& domains = parsed->description->domains;
    ASSERT_EQ(domains.size(), 2u);
    EXPECT_EQ(domains[0].image(), "console");
    EXPECT_EQ(domains[0].memory_pages, 2048u);
    EXPECT_EQ(domains[0].vcpus, 1u);
    EXPECT_TRUE(domains[0].seal);
    EXPECT_EQ(domains[0].on_poweroff, Policy::destroy);
    EXPECT_EQ(domains[0].on_reboot, Policy::reboot);
    EXPECT_EQ(domains[0].on_crash, Policy::destroy);
    const DomainDescription& guest = domains[1];
    EXPECT_EQ(guest.name, "guest.1");
    EXPECT_EQ(guest.image(), "pv-boot");
    EXPECT_EQ(guest.kernel, "vmlinuz");
    EXPECT_EQ(guest.ramdisk, "initrd");
    EXPECT_EQ(guest.cmdline, "console=hvc0 a=\"b c\"  # not a comment");
    EXPECT_EQ(guest.memory_pages, 524288u);
    EXPECT_EQ(guest.vcpus, 2u);
    EXPECT_EQ(guest.weight, 512);
    EXPECT_EQ(guest.cap, 150);
    EXPECT_EQ(guest.affinity->words[0], 0b1011u);
    ASSERT_EQ(guest.ioports.size(), 2u);
    EXPECT_EQ(guest.ioports[0].first, 0x3f8u);
    EXPECT_EQ(guest.ioports[0].last, 0x3ffu);
    EXPECT_EQ(guest.ioports[1].last, 0x60u);
    EXPECT_EQ(guest.irqs[0].first, 4u);
    EXPECT_EQ(guest.iomem[0].first, 0xfed00u);
    EXPECT_EQ(guest.iomem[0].last, 0xfed01u);
    EXPECT_EQ(guest.rights[1], "hardware");
    EXPECT_EQ(guest.console.kind, Service::Kind::domain);
    EXPECT_EQ(guest.console.index, 0u);
    EXPECT_EQ(guest.store.kind, Service::Kind::none);
    EXPECT_FALSE(guest.seal);
    EXPECT_EQ(guest.on_poweroff, Policy::poweroff_platform);
    EXPECT_EQ(guest.on_reboot, Policy::keep);
    EXPECT_EQ(guest.on_crash, Policy::reboot);
}

TEST(Description, ServiceMayBeDescribedLater) {
    auto parsed =
        parse("[domain a]\nkernel=k\nmemory=4M\nconsole=b\n[domain b]\nkernel=k\nmemory=4M\nconsole=founder\n");
    ASSERT_EQ(parsed->error, "");
    EXPECT_EQ(parsed->description->domains[0].console.index, 1u);
    EXPECT_EQ(parsed->description->domains[1].console.kind, Service::Kind::founder);
}

TEST(Description, MemoryToGrowToIsNoLess) {
    EXPECT_EQ(parse(minimal + "max_memory = 8M\n")->description->domains[0].max_memory_pages, 2048u);
    EXPECT_NE(error_of(minimal + "max_memory = 3M\n").find("below its `memory`"), std::string::npos);
}
TEST(Description, UnknownKeyIsAnErrorWithItsLine) {
    EXPECT_EQ(error_of(minimal + "memmory = 5M\n"), "line 4: unknown key `memmory` in domain a");
}

TEST(Description, RepeatedKeyIsAnError) {
    EXPECT_EQ(error_of(minimal + "memory = 5M\n"), "line 4: `memory` is given twice for domain a");
}

TEST(Description, MissingKeysAreErrors) {
    EXPECT_EQ(error_of("\n[domain a]\nmemory=4M\n"), "line 2: domain a has no `kernel`");
    EXPECT_EQ(error_of("[domain a]\nkernel=k\n[domain b]\n"), "line 1: domain a has no `memory`");
}

TEST(Description, DanglingAndCircularServices) {
    EXPECT_EQ(error_of(minimal + "console = con\n"), "line 4: `console = con` names no domain of this description");
    EXPECT_EQ(error_of(minimal + "store = a\n"), "line 4: domain a cannot serve its own store");
    EXPECT_NE(error_of(minimal + "store = builder\n"), "");
}

TEST(Description, NamesAreChecked) {
    EXPECT_NE(error_of("[domain ]\n"), "");
    EXPECT_NE(error_of("[domain a b]\n"), "");
    EXPECT_NE(error_of("[domain none]\n"), "");
    EXPECT_NE(error_of("[domain " + std::string(32, 'x') + "]\n"), "");
    EXPECT_NE(error_of("[guest a]\n"), "");
    EXPECT_EQ(error_of(minimal + minimal), "line 4: domain a is already described in line 1");
}

TEST(Description, RubbishIsNamedNotSkipped) {
    EXPECT_EQ(error_of("hello\n"), "line 1: expected `key = value` or `[domain NAME]`, found `hello`");
    EXPECT_EQ(error_of("kernel = k\n"), "line 1: `kernel` stands before any `[domain NAME]`");
    EXPECT_EQ(error_of(""), "the description names no domain");
    EXPECT_NE(error_of(std::string("[domain a]\0", 11)), "");
    EXPECT_EQ(error_of(minimal + "vcpus =\n"), "line 4: `vcpus` has no value");
}

class WrongValue : public ::testing::TestWithParam<const char*> {};
TEST_P(WrongValue, IsRefusedWithItsLine) {
    std::string text = "[domain a]\nkernel = k\n";
    if (!std::string(GetParam()).starts_with("memory")) text += "memory = 4M\n";
    EXPECT_NE(error_of(text + GetParam() + "\n").find(" wants "), std::string::npos) << error_of(text + GetParam());
}
INSTANTIATE_TEST_SUITE_P(Values, WrongValue,
                         ::testing::Values("memory = 4", "memory = 4T", "memory = 5K", "memory = 0M", "memory = -1M",
                                           "memory = 99999999999999999999G", "memory = 18014398509481984K",
                                           "max_memory = 5", "vcpus = 0", "vcpus = 33", "vcpus = two", "weight = 0",
                                           "weight = 65536", "cap = 3201", "affinity = 128", "affinity = 3-1",
                                           "affinity = 1-", "ioports = 0x10000", "ioports = 0x3f8-", "irqs = 1024",
                                           "iomem = 0x1000", "iomem = 0x1000-0x1ffe", "iomem = 0x0-0xffffffffffffffff",
                                           "rights = a b", "rights = a,,b", "seal = maybe", "on_crash = explode",
                                           "console = a/b", "ioports = 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17"));

TEST(Description, TooLongCommandLine) {
    EXPECT_EQ(error_of(minimal + "cmdline = " + std::string(1023, 'x')), "");
    EXPECT_NE(error_of(minimal + "cmdline = " + std::string(1024, 'x')), "");
}

TEST(Description, TooManyDomains) {
    std::string text;
    for (size_t i = 0; i <= max_domains; ++i) text += "[domain d" + std::to_string(i) + "]\nkernel = k\nmemory = 4M\n";
    EXPECT_EQ(error_of(text), "line 193: more than 64 domains");
}

} // namespace
} // namespace skerry::builder
