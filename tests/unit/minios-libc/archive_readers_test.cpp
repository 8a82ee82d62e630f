// SPDX-License-Identifier: MIT
// Archives that the host's own tar and cpio make, in each format, and broken ones.
#include "minios/libc/cpio_reader.h"
#include "minios/libc/tar_reader.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>

namespace minios::libc {
namespace {

struct Found {
    mode_t mode;
    time_t time;
    std::string data, same_as;
    int error;
};

/// All entries by name, read from a copy whose end the sanitizer watches.
template <class Reader> std::map<std::string, Found> read_all(const std::string& archive, bool& broken) {
    const std::vector<char> bytes(archive.begin(), archive.end());
    Reader reader(bytes.data(), bytes.size());
    std::map<std::string, Found> found;
    for (ArchiveEntry entry; reader.next(entry);)
        found[entry.name] = {entry.mode, entry.time, std::string(entry.data, entry.size),
                             entry.same_as != nullptr ? entry.same_as : "", entry.error};
    broken = reader.broken();
    return found;
}

std::string output_of(const std::string& command) {
    FILE* pipe = popen(command.c_str(), "r");
    std::string output;
    char buffer[4096];
    for (size_t size; pipe != nullptr && (size = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        output.append(buffer, size);
    EXPECT_EQ(pclose(pipe), 0) << command;
    return output;
}

class ArchiveReaders : public testing::Test {
  protected:
    void SetUp() override {
        char place[] = "/tmp/skerry-archives.XXXXXX";
        folder_ = mkdtemp(place);
        long_name_ = std::string(90, 'a') + "/" + std::string(90, 'b') + "/" + std::string(120, 'c');
        std::filesystem::create_directories(folder_ + "/" + std::string(90, 'a') + "/" + std::string(90, 'b'));
        std::ofstream(folder_ + "/short") << "hello";
        std::ofstream(folder_ + "/" + long_name_) << std::string(1000, 'x');
        std::filesystem::create_hard_link(folder_ + "/short", folder_ + "/twin");
        std::filesystem::create_symlink(std::string(150, 'd'), folder_ + "/link");
        ASSERT_EQ(std::system(("touch -d @1000000000 " + folder_ + "/short").c_str()), 0);
        std::filesystem::permissions(folder_ + "/short", std::filesystem::perms(0640));
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::string tar(const std::string& format) {
        return output_of("cd " + folder_ + " && tar --format=" + format + " -cf - short twin link " +
                         std::string(90, 'a'));
    }

    std::string folder_, long_name_;
};

TEST_F(ArchiveReaders, TarInEveryFormat) {
    for (const char* format : {"pax", "gnu"}) {
        const std::string archive = tar(format);
        EXPECT_TRUE(TarReader::recognizes(archive.data(), archive.size()));
        EXPECT_FALSE(CpioReader::recognizes(archive.data(), archive.size()));
        bool broken = true;
        auto found = read_all<TarReader>(archive, broken);
        EXPECT_FALSE(broken);
        EXPECT_EQ(found["short"].data, "hello");
        EXPECT_EQ(found["short"].mode, mode_t{S_IFREG | 0640});
        EXPECT_EQ(found["short"].time, 1000000000);
        EXPECT_EQ(found["twin"].same_as, "short");
        EXPECT_TRUE(S_ISLNK(found["link"].mode));
        EXPECT_EQ(found["link"].data, std::string(150, 'd'));
        EXPECT_EQ(found[long_name_].data, std::string(1000, 'x'));
        EXPECT_TRUE(S_ISDIR(found[std::string(90, 'a') + "/"].mode));
    }
}

// Names of at most 100 bytes behind a prefix of at most 155.
TEST_F(ArchiveReaders, UstarPrefix) {
    const std::string directory = std::string(90, 'a') + "/" + std::string(60, 'e');
    std::filesystem::create_directories(folder_ + "/" + directory);
    std::ofstream(folder_ + "/" + directory + "/file") << "in ustar";
    bool broken = true;
    auto found = read_all<TarReader>(output_of("cd " + folder_ + " && tar --format=ustar -cf - " + directory), broken);
    EXPECT_FALSE(broken);
    EXPECT_EQ(found[directory + "/file"].data, "in ustar");
}

TEST_F(ArchiveReaders, TarThatCannotBeInATree) {
    bool broken = true;
    const std::string sparse = "cd " + folder_ + " && truncate -s 1M holes && tar --format=pax --sparse -cf - holes";
    for (const auto& [name, entry] : read_all<TarReader>(output_of(sparse), broken))
        EXPECT_EQ(entry.error, -EOPNOTSUPP) << name;
    std::ofstream(folder_ + "/device");
    auto found =
        read_all<TarReader>(output_of("cd " + folder_ + " && rm device && mkfifo device && tar -cf - device"), broken);
    EXPECT_EQ(found["device"].mode & S_IFMT, 0u);
    EXPECT_FALSE(broken);
}

TEST_F(ArchiveReaders, BrokenTar) {
    const std::string archive = tar("gnu");
    bool broken = false;
    for (size_t size = 1; size < archive.size(); size += 509)
        (void)read_all<TarReader>(archive.substr(0, size), broken);
    (void)read_all<TarReader>(archive.substr(0, 515), broken); // in the middle of a file
    EXPECT_TRUE(broken);
    (void)read_all<TarReader>(archive.substr(0, 512), broken); // behind a header whose file is missing
    EXPECT_TRUE(broken);
    std::string wrong_sum = archive;
    wrong_sum[0] ^= 1;
    EXPECT_FALSE(TarReader::recognizes(wrong_sum.data(), wrong_sum.size()));
    EXPECT_TRUE(read_all<TarReader>(wrong_sum, broken).empty());
    EXPECT_TRUE(broken);
    EXPECT_FALSE(TarReader::recognizes(archive.data(), 511));
}

/// A pax header with these records, and a file behind it.
std::string with_records(const std::string& records) {
    const auto block = [](const std::string& name, char type, const std::string& data) {
        std::string header(512, 0);
        std::memcpy(header.data(), name.data(), name.size());
        std::snprintf(header.data() + 124, 12, "%011zo", data.size());
        header[156] = type;
        std::memcpy(header.data() + 257,
                    "ustar\0"
                    "00",
                    8);
        std::memset(header.data() + 148, ' ', 8);
        unsigned sum = 0;
        for (const char c : header) sum += static_cast<unsigned char>(c);
        std::snprintf(header.data() + 148, 8, "%06o", sum);
        std::string padded = data;
        padded.resize((data.size() + 511) / 512 * 512);
        return header + padded;
    };
    return block("records", 'x', records) + block("file", '0', "data") + std::string(1024, 0);
}

TEST_F(ArchiveReaders, PaxRecords) {
    bool broken = true;
    EXPECT_TRUE(read_all<TarReader>(with_records("12 path=new\n18 mtime=1234.5678\n"), broken).empty());
    EXPECT_TRUE(broken) << "a length that is one too few";
    EXPECT_EQ(read_all<TarReader>(with_records("12 path=new\n"), broken).count("new"), 1u);
    EXPECT_FALSE(broken);
    EXPECT_EQ(read_all<TarReader>(with_records("14 mtime=77.5\n"), broken)["file"].time, 77);
    EXPECT_EQ(read_all<TarReader>(with_records("10 size=2\n"), broken)["file"].data, "da");
    const std::string too_long = "path=" + std::string(2000, 'n') + "\n";
    EXPECT_EQ(read_all<TarReader>(with_records("2011 " + too_long), broken)["file"].error, -ENAMETOOLONG);
    for (const char* wrong : {"99999999999999999999 path=new\n", "0 path=new\n", "5 a=b\n\n", "path=new\n",
                              "12 pathxnew\n", "3 \n", "25 size=9999999999999999\n", "14 size=-123456\n"}) {
        (void)read_all<TarReader>(with_records(wrong), broken);
        EXPECT_TRUE(broken) << wrong;
    }
}

TEST_F(ArchiveReaders, Cpio) {
    const std::string archive = output_of("cd " + folder_ + " && find . | cpio --quiet -o -H newc");
    EXPECT_TRUE(CpioReader::recognizes(archive.data(), archive.size()));
    EXPECT_FALSE(TarReader::recognizes(archive.data(), archive.size()));
    bool broken = true;
    auto found = read_all<CpioReader>(archive, broken);
    EXPECT_FALSE(broken);
    EXPECT_EQ(found[long_name_].data, std::string(1000, 'x'));
    EXPECT_EQ(found["link"].data, std::string(150, 'd'));
    EXPECT_TRUE(found["short"].error == -EMLINK || found["twin"].error == -EMLINK); // the last of them has the content
    EXPECT_TRUE(found["short"].data == "hello" || found["twin"].data == "hello");
    for (size_t size = 1; size < 2000; size += 7) (void)read_all<CpioReader>(archive.substr(0, size), broken);
    EXPECT_TRUE(broken);
}

} // namespace
} // namespace minios::libc
