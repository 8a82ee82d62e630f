// SPDX-License-Identifier: MIT
#include "boot/options.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace skerry {
namespace {

std::vector<std::string> unknown_words;

Options parse(const char* line) {
    unknown_words.clear();
    return parse_options(line, [](const char* word) { unknown_words.emplace_back(word); });
}

TEST(Options, AnEmptyLineGivesTheDefaults) {
    Options o = parse("");
    EXPECT_EQ(o.first_domain_memory, 0u);
    EXPECT_EQ(o.first_domain_vcpus, 0u);
    EXPECT_EQ(o.uart_port, 0x3f8);
    EXPECT_TRUE(unknown_words.empty());
}

TEST(Options, TheUsualLine) {
    Options o = parse("  console=com1 dom0_mem=128M  dom0_max_vcpus=2 loglvl=all\tguest_loglvl=all/all noreboot");
    EXPECT_EQ(o.first_domain_memory, 128u << 20);
    EXPECT_EQ(o.first_domain_vcpus, 2u);
    EXPECT_EQ(o.log_level, LogLevel::debug);
    EXPECT_EQ(o.guest_log_level, LogLevel::debug);
    EXPECT_TRUE(o.no_reboot);
    EXPECT_TRUE(unknown_words.empty());
}

TEST(Options, MemoryInAllForms) {
    EXPECT_EQ(parse("dom0_mem=4096").first_domain_memory, 4u << 20); // KiB without a suffix, as Xen
    EXPECT_EQ(parse("dom0_mem=2G").first_domain_memory, uint64_t{2} << 30);
    Options o = parse("dom0_mem=min:64M,512M,max:1g");
    EXPECT_EQ(o.first_domain_memory, 512u << 20);
    EXPECT_EQ(o.first_domain_max_memory, 1u << 30);
    for (const char* bad : {"dom0_mem=", "dom0_mem=M", "dom0_mem=12Q", "dom0_mem=99999999999999999999",
                            "dom0_mem=128M,", "dom0_mem=99999999999T", "dom0_mem=18014398509481984"}) {
        parse(bad);
        EXPECT_EQ(unknown_words, std::vector<std::string>{bad});
    }
}

TEST(Options, Console) {
    EXPECT_EQ(parse("console=com2").uart_port, 0x2f8);
    EXPECT_EQ(parse("console=vga,com1").uart_port, 0x3f8);
    EXPECT_EQ(parse("console=none").uart_port, 0);
    EXPECT_EQ(parse("com1=38400,8n1").uart_baud, 38400u);
    parse("console=tape");
    EXPECT_EQ(unknown_words.size(), 1u);
    parse("com1=7");
    EXPECT_EQ(unknown_words.size(), 1u);
}

TEST(Options, Switches) {
    EXPECT_FALSE(parse("smap=0").smap);
    EXPECT_FALSE(parse("no-smap").smap);
    EXPECT_TRUE(parse("smap=yes").smap);
    EXPECT_EQ(parse("nosmp").max_cpus, 1u);
    EXPECT_EQ(parse("maxcpus=3").max_cpus, 3u);
    parse("smap=perhaps maxcpus=0 maxcpus=257 maxcpus=-1 smapper");
    EXPECT_EQ(unknown_words.size(), 5u);
}

TEST(Options, UnknownWordsAreReportedAndHarmlessOnesNot) {
    parse("placeholder frobnicate no-real-mode edd=off x=1");
    EXPECT_EQ(unknown_words, (std::vector<std::string>{"frobnicate", "x=1"}));
}

TEST(Options, AWordLongerThanAnyOptionIsCut) {
    std::string line(5000, 'a');
    parse(line.c_str());
    ASSERT_EQ(unknown_words.size(), 1u);
    EXPECT_LT(unknown_words[0].size(), 100u);
}

TEST(Options, WhatFollowsTwoDashesIsTheFirstDomains) {
    EXPECT_STREQ(parse("noreboot --  what ever").first_domain_arguments, "what ever");
    EXPECT_STREQ(parse("noreboot --").first_domain_arguments, "");
    EXPECT_STREQ(parse("noreboot").first_domain_arguments, "");
    EXPECT_TRUE(unknown_words.empty());
}

} // namespace
} // namespace skerry
