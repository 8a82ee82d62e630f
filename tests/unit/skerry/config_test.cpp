// SPDX-License-Identifier: MIT
// xl.cfg files: the syntax, and what the settings mean.
#include "toolstack/cli/config/guest_settings.h"
#include "toolstack/cli/text.h"

#include <gtest/gtest.h>

namespace skerry::cli::test {
namespace {

std::string error_of(std::string_view text) {
    try {
        (void)parse_config(text);
        return "";
    } catch (const ConfigError& error) { return std::to_string(error.line) + ": " + error.what(); }
}

TEST(Syntax, StringsNumbersListsAndComments) {
    const Config config = parse_config("# a guest\n"
                                       "name = \"web\" # its name\n"
                                       "memory=512;vcpus = 0x2 ; cap='50'\n"
                                       "\n"
                                       "extra = 'it\\'s \\x41 \\101 \"quoted\" \\\\ # no comment'\n"
                                       "disk = [ 'phy:/dev/vg/a,xvda,w', # the first\n"
                                       "         \"second\",\n"
                                       "       ]\n"
                                       "nested = [ [ '0', '1' ], [ 2, 3, ], [] ]\n"
                                       "empty = []\n"
                                       "last = 1");
    EXPECT_EQ(config.find("name")->value.text, "web");
    EXPECT_FALSE(config.find("name")->value.is_number);
    EXPECT_EQ(config.find("memory")->value.text, "512");
    EXPECT_EQ(config.find("vcpus")->value.text, "0x2");
    EXPECT_EQ(config.find("cap")->value.text, "50");
    EXPECT_EQ(config.find("extra")->value.text, "it's A A \"quoted\" \\ # no comment");
    ASSERT_EQ(config.find("disk")->value.elements.size(), 2u);
    EXPECT_EQ(config.find("disk")->value.elements[1].text, "second");
    EXPECT_EQ(config.find("disk")->line, 6u);
    EXPECT_EQ(config.find("nested")->value.elements[1].elements[1].text, "3");
    EXPECT_EQ(config.find("last")->line, 11u);
}

TEST(Syntax, LaterSettingsTakePrecedenceAndPlusAdds) {
    const Config config = parse_config("a = 'x'\nb = ['1']\na = 'y'\na += 'z'\nb += ['2']\nc += 'new'");
    EXPECT_EQ(config.find("a")->value.text, "yz");
    EXPECT_EQ(config.find("b")->value.elements.size(), 2u);
    EXPECT_EQ(config.find("c")->value.text, "new");
    EXPECT_EQ(config.settings.size(), 3u);
}

TEST(Syntax, ErrorsSayWhere) {
    EXPECT_EQ(error_of("a = 1\nb = 'x\n"), "2: a string without its closing `'`");
    EXPECT_EQ(error_of("a = yes"), "1: `yes` is no number: strings stand in quotes");
    EXPECT_EQ(error_of("a = [ 'x' 'y' ]"), "1: expected `,` or `]`, not `y`");
    EXPECT_EQ(error_of("a = [ 'x',\n\n"), "3: expected a string, a number or a list, not the end of the file");
    EXPECT_EQ(error_of("a"), "1: expected `=` behind `a`, not the end of the file");
    EXPECT_EQ(error_of("a = "), "1: expected a string, a number or a list, not the end of the file");
    EXPECT_EQ(error_of("a = 1 b = 2"), "1: expected the end of the line, not `b`");
    EXPECT_EQ(error_of("= 1"), "1: expected a setting's name, not `=`");
    EXPECT_EQ(error_of("a = '\\q'"), "1: backslash and `q` mean nothing");
    EXPECT_EQ(error_of("\n\na = {}"), "3: `{` has no place here");
    EXPECT_EQ(error_of("a = '\\0'"), "1: an escape of value 0");
    EXPECT_EQ(error_of("a = " + std::string(100, '[')), "1: lists too deep within each other");
    EXPECT_EQ(error_of("a = 'x'\na += [ 'y' ]"), "2: `a` += adds a string to a list, or a list to a string");
    EXPECT_EQ(error_of(std::string(2 << 20, ' ')), "0: longer than 1048576 bytes");
    EXPECT_EQ(error_of("import os\n"), "1: expected `=` behind `import`, not `os`");
}

std::string problems_of(std::string_view text) {
    std::string all;
    for (const ConfigProblem& problem : read_guest_settings(parse_config(text)).problems)
        all += std::to_string(problem.line) + ": " + problem.text + "\n";
    return all;
}
const std::string enough = "name = 'g'; kernel = 'k'; memory = 64\n";

TEST(Settings, BecomeParametersOfCreate) {
    const GuestSettings settings = read_guest_settings(parse_config(R"(
name = "web"
type = "pv"
kernel = "/boot/vmlinuz"
ramdisk = "image:initrd"
root = "/dev/xvda1"
extra = "ro quiet"
memory = 512
maxmem = "1024"
vcpus = 2
maxvcpus = 3
cpus = ["0", "1"]
cpus_soft = "0-1,^0"
cpu_weight = 512
cap = 0
on_poweroff = "preserve"
on_crash = 'restart'
on_watchdog = "destroy"
disk = []
vif = [ ]
)"));
    EXPECT_TRUE(settings.problems.empty());
    EXPECT_EQ(settings.kernel.file, "/boot/vmlinuz");
    EXPECT_EQ(settings.ramdisk.image, "initrd");
    EXPECT_EQ(
        json::write(settings.params),
        R"({"name":"web","cmdline":"root=/dev/xvda1 ro quiet","memory_kib":524288,"max_memory_kib":1048576,"vcpus":2,)"
        R"("max_vcpus":3,"cpus":["0","1","all"],"cpus_soft":"0-1,^0","weight":512,"cap":0,"on_poweroff":"preserve",)"
        R"("on_watchdog":"destroy","on_crash":"restart"})");
}

TEST(Settings, WhatIsNotThereIsNamedWithItsLine) {
    EXPECT_EQ(problems_of("memory = 1\n"), "0: `name` is missing\n0: `kernel` is missing\n");
    EXPECT_EQ(problems_of(enough + "vif = [ 'mac=00:16:3e:00:00:00' ]\ncolour = 1\ndisk = [ 'phy:/dev/a,xvda,w' ]\n"),
              "2: `vif`: there is no network yet\n3: `colour` is unknown\n4: `disk`: there are no block devices yet\n");
    EXPECT_EQ(problems_of(enough + "type='hvm'\nbuilder='hvm'"),
              "2: `type`: `hvm` guests do not exist yet, only `pv`\n3: `builder`: `hvm` guests do not exist yet, only "
              "`generic`\n");
    EXPECT_EQ(problems_of(enough + "on_crash='coredump-restart'\non_reboot='rename-restart'\non_poweroff='dance'"),
              "2: `on_crash`: `coredump-restart` is not supported\n3: `on_reboot`: `rename-restart` is not supported\n"
              "4: `on_poweroff` is `dance`, not destroy, restart or preserve\n");
    EXPECT_EQ(problems_of(enough + "vcpus=99\nmaxmem='much'\ncap=[]\n"),
              "2: `vcpus` is 99, not between 1 and 32\n3: `maxmem` is to be a number\n4: `cap` is to be a number\n");
    EXPECT_EQ(problems_of(enough + "cmdline='a'\nextra='b'"),
              "3: `extra` beside `cmdline`, which is the whole command line\n");
    EXPECT_EQ(problems_of(enough + "vcpus=4\nmaxvcpus=2"), "3: `maxvcpus` is less than `vcpus`\n");
}

// The shape of the example files that Debian's xen-utils installs in /etc/xen: comments, devices that are not there yet.
TEST(Settings, OfAnExampleFileAsXenInstallsIt) {
    const std::string example = "# =====================================================================\n"
                                "# Example PV Linux guest configuration\n"
                                "\n"
                                "# Guest name\n"
                                "name = \"example.pvlinux\"\n"
                                "\n"
                                "#uuid = \"XXXXXXXX-XXXX-XXXX-XXXX-XXXXXXXXXXXX\"\n"
                                "kernel = \"/boot/vmlinuz\"\n"
                                "#ramdisk = \"/boot/initrd.gz\"\n"
                                "extra = \"root=/dev/xvda1\"\n"
                                "memory = 128\n"
                                "#maxmem = 512\n"
                                "vcpus = 2\n"
                                "vif = [ '' ]\n"
                                "disk = [ '/dev/vg/guest-volume,raw,xvda,rw' ]\n";
    EXPECT_EQ(problems_of(example), "14: `vif`: there is no network yet\n15: `disk`: there are no block devices yet\n");
    EXPECT_EQ(problems_of(example + "vif=[]\ndisk=[]\n"), "");
}

TEST(Text, MemoryAndDomains) {
    EXPECT_EQ(parse_memory("512"), 512 * 1024);
    EXPECT_EQ(parse_memory("2g"), 2 * 1024 * 1024);
    EXPECT_EQ(parse_memory("4096k"), 4096);
    for (const char* wrong : {"", "m", "12x", "-1", "1.5g", "999999999999t", "1mm"})
        EXPECT_THROW((void)parse_memory(wrong), std::invalid_argument) << wrong;
    EXPECT_EQ(json::write(domain_argument("17")), "17");
    EXPECT_EQ(json::write(domain_argument("web17")), "\"web17\"");
    EXPECT_EQ(harmless("a\x1b[2J\xc2\x9b"
                       "b\tc\r\n\xc3\xa4"),
              "a?[2J?b\tc\n\xc3\xa4");
    EXPECT_EQ(byte_size(1536 * 1024), "1.5 MiB");
    EXPECT_EQ(duration(90'061'000'000'000), "1 d 01:01:01");
}

} // namespace
} // namespace skerry::cli::test
