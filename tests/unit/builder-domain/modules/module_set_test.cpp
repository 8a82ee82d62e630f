// SPDX-License-Identifier: MIT
#include "tests/unit/builder-domain/elf_file.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace skerry::builder {
namespace {

// An entry as cpio(5) lays it out.
std::string entry(const std::string& name, const std::string& data, unsigned mode = 0100644) {
    char header[111];
    std::snprintf(header, sizeof(header), "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 1, mode, 0, 0,
                  1, 0, data.size(), 0, 0, 0, 0, name.size() + 1, 0);
    std::string text = header + name + '\0';
    text.resize((text.size() + 3) & ~size_t{3});
    text += data;
    text.resize((text.size() + 3) & ~size_t{3});
    return text;
}
const std::string trailer = entry("TRAILER!!!", "", 0);

std::string error_of(const Status& status) { return status.ok() ? "" : std::string(status.failure().text()); }

TEST(Modules, AreNamedByTheLastWordWithoutItsFolder) {
    std::string data = "data";
    ModuleSet set;
    EXPECT_TRUE(set.add("build/pv-boot", bytes_of(data)).ok());
    EXPECT_TRUE(set.add("/boot/vmlinuz-6.1 kernel ", bytes_of(data)).ok());
    EXPECT_TRUE(set.add("initrd", {}).ok());
    EXPECT_NE(set.find("pv-boot"), nullptr);
    EXPECT_NE(set.find("kernel"), nullptr);
    EXPECT_TRUE(set.find("initrd")->bytes.empty());
    EXPECT_EQ(set.find("vmlinuz-6.1"), nullptr);
    EXPECT_EQ(error_of(set.add("x/kernel", bytes_of(data))), "two boot modules are named kernel");
    EXPECT_NE(error_of(set.add("", bytes_of(data))), "");
    EXPECT_NE(error_of(set.add("x/", bytes_of(data))), "");
}

TEST(Modules, ArchiveStandsForItsFiles) {
    std::string archive =
        entry(".", "", 0040755) + entry("platform", "p") + entry("./b/kernel", "0123456789") + trailer + "behind it";
    for (const char* cmdline : {"", "some/modules.cpio"}) {
        ModuleSet set;
        ASSERT_EQ(error_of(set.add(cmdline, bytes_of(archive))), "");
        EXPECT_EQ(set.size(), *cmdline ? 3u : 2u); // with a name, itself too
        EXPECT_EQ(as_text(set.find("platform")->bytes), "p");
        EXPECT_EQ(as_text(set.find("kernel")->bytes), "0123456789");
    }
}

TEST(Modules, NamedInitramfsIsNotOpened) {
    std::string archive = entry("init", "x") + trailer;
    ModuleSet set;
    ASSERT_TRUE(set.add("initrd", bytes_of(archive)).ok());
    EXPECT_EQ(set.find("initrd")->bytes.size(), archive.size());
}

TEST(Modules, CutOrDamagedArchivesAreRefused) {
    std::string archive = entry("a", "0123456789") + trailer;
    for (size_t size = 6; size < archive.size() - trailer.size() + 121; ++size) {
        std::string cut = archive.substr(0, size); // a buffer of its own, so that the sanitizer sees its end
        cut.shrink_to_fit();
        EXPECT_FALSE(ModuleSet().add("", bytes_of(cut)).ok()) << size;
    }
    std::string bad = archive;
    bad[6 + 6 * 8] = 'g'; // the file's size
    EXPECT_FALSE(ModuleSet().add("", bytes_of(bad)).ok());
    bad[6 + 6 * 8] = 'f'; // 4 GiB
    EXPECT_FALSE(ModuleSet().add("", bytes_of(bad)).ok());
}

TEST(Modules, BeyondTheMost) {
    ModuleSet set;
    for (size_t i = 0; i < ModuleSet::most_modules; ++i) {
        static std::string names[ModuleSet::most_modules];
        names[i] = "m" + std::to_string(i);
        EXPECT_TRUE(set.add(names[i], {}).ok());
    }
    EXPECT_FALSE(set.add("more", {}).ok());
}

} // namespace
} // namespace skerry::builder
