// SPDX-License-Identifier: MIT
// The builder as a service: images that come in pieces and survive it, guests that are built whole, sealed and handed over.
#include "builder-domain/service/requests.h"
#include "tests/unit/builder-domain/elf_file.h"
#include "tests/unit/builder-domain/fake_hypervisor.h"

#include <gtest/gtest.h>

namespace skerry::builder {
namespace {

constexpr domid_t self = 2, client = 7;

class Service : public ::testing::Test {
  protected:
    Service() {
        hypervisor_.self = self;
        hypervisor_.domains[self];
        hypervisor_.domains[client];
        (void)known_.push({"con", DomId(5)});
        (void)known_.push({"xs", DomId(6)});
        EXPECT_TRUE(
            platform_.add("unikernel", Bytes(reinterpret_cast<const std::byte*>(kernel_.data()), kernel_.size())).ok());
        restart();
    }
    void restart() {
        store_.emplace(std::span(area_), platform_);
        requests_.emplace(hypervisor_, *store_, known_, DomId(client));
    }
    std::string ask(const std::string& message) {
        static char text[16448];
        TextWriter answer(text, sizeof(text));
        requests_->serve(message, answer);
        return std::string(answer.view());
    }
    std::string upload(const std::string& name, const std::string& bytes) {
        if (std::string begun = ask("image " + name + " " + std::to_string(bytes.size())); begun != "ok") return begun;
        for (size_t at = 0; at < bytes.size(); at += 1000)
            if (std::string taken = ask("data\n" + bytes.substr(at, 1000)); taken != "ok") return taken;
        return "ok";
    }

    const std::string kernel_ = small_kernel().file();
    FakeHypervisor hypervisor_;
    ModuleSet platform_;
    KnownDomains known_;
    alignas(4096) std::array<std::byte, 64 * 1024> area_{};
    std::optional<ImageStore> store_;
    std::optional<Requests> requests_;
};

TEST_F(Service, BuildsWholeSealedPausedAndHandsOver) {
    EXPECT_EQ(ask("build\n[domain g]\nkernel=unikernel\nmemory=4M\nconsole=con\nstore=xs\ncmdline=a b\n"), "ok 1 1 2");
    const auto& guest = hypervisor_.domains.at(1);
    EXPECT_TRUE(guest.sealed && guest.has_context);
    EXPECT_FALSE(guest.started);
    EXPECT_EQ(guest.ports, (std::vector<domid_t>{5, 6}));
    EXPECT_TRUE(guest.granted.empty());
    EXPECT_EQ(hypervisor_.domains.at(client).granted, (std::vector<std::string>{"right 0 over 1"}));
    EXPECT_EQ(hypervisor_.domains.at(self).granted,
              (std::vector<std::string>{"without right 1 over 1", "without right 0 over 1"}));
}

TEST_F(Service, WhicheverCallFailsNothingIsLeft) {
    const std::string request = "build\n[domain g]\nkernel=unikernel\nmemory=4M\nconsole=con\nstore=xs\nweight=9\n";
    ASSERT_EQ(ask(request).substr(0, 3), "ok ");
    int calls = hypervisor_.calls;
    hypervisor_.domains.erase(1);
    ASSERT_GT(calls, 15);
    int failures = 0;
    for (int call = 0; call < calls; ++call) {
        SCOPED_TRACE(call);
        hypervisor_.calls = 0;
        hypervisor_.fail_call = call;
        std::string answer = ask(request);
        if (answer.starts_with("ok ")) { // memory came in smaller extents
            auto id = static_cast<domid_t>(std::stoi(answer.substr(3)));
            ASSERT_EQ(hypervisor_.domains.erase(id), 1u);
            continue;
        }
        ++failures;
        ASSERT_EQ(answer.substr(0, 6), "error ") << answer;
        ASSERT_EQ(hypervisor_.domains.size(), 2u) << answer;
    }
    EXPECT_GT(failures, calls - 3);
}

TEST_F(Service, WhatItCannotGiveIsRefused) {
    const std::string domain = "build\n[domain g]\nkernel=unikernel\nmemory=4M\n";
    EXPECT_EQ(ask(domain + "ioports=0x60\n"), "error `ioports` is not this builder's to give");
    EXPECT_EQ(ask(domain + "rights=inspect\n"), "error `rights` is not this builder's to give");
    EXPECT_EQ(ask(domain + "state=4K\n"), "error `state` is not this builder's to give");
    EXPECT_EQ(ask(domain + "seal=no\n"), "error `seal = no`: this builder seals what it builds");
    EXPECT_EQ(ask(domain + "console=founder\n"), "error `console = founder` is not this builder's to give");
    EXPECT_EQ(ask(domain + "console=other\n"), "error line 4: `console = other` names no domain of this description");
    EXPECT_EQ(ask(domain + "[domain h]\nkernel=unikernel\nmemory=4M\n"), "error one domain at a time, not 2");
    EXPECT_EQ(ask("build\n[domain g]\nkernel=none\nmemory=4M\n"),
              "error there is no boot module `none` for its `kernel`");
    EXPECT_EQ(ask("dance"), "error there is no request `dance`");
    EXPECT_EQ(ask(""), "error there is no request ``");
    EXPECT_EQ(hypervisor_.calls, 0);
}

TEST_F(Service, ImagesComeInPiecesAndAreThereWhenComplete) {
    ASSERT_EQ(ask("image k " + std::to_string(kernel_.size())), "ok");
    EXPECT_EQ(ask("data\n" + kernel_.substr(0, 10)), "ok");
    EXPECT_EQ(ask("images"), "ok\nunikernel " + std::to_string(kernel_.size()));
    EXPECT_EQ(ask("data\n" + kernel_.substr(10)), "ok");
    EXPECT_NE(ask("images").find("\nk "), std::string::npos);
    EXPECT_EQ(ask("build\n[domain g]\nkernel=k\nmemory=4M\n"), "ok 1 0 0");
    EXPECT_EQ(ask("drop k"), "ok");
    EXPECT_EQ(ask("drop k"), "error there is no image `k`");
    EXPECT_EQ(ask("drop unikernel"), "error image unikernel is the platform's own");
    EXPECT_EQ(ask("image unikernel 5"), "error image unikernel is the platform's own and stays as it is");
    EXPECT_EQ(ask("data\nx"), "error no image is being uploaded");
    EXPECT_EQ(ask("image k"), "error `image` wants a name and a size in bytes");
    EXPECT_EQ(ask("image ../k 3"), "error `../k` cannot name an image");
    ASSERT_EQ(ask("image k 3"), "ok");
    EXPECT_EQ(ask("data\n1234"), "error more than the 3 bytes of image k");
    EXPECT_EQ(ask("data\n1"), "error no image is being uploaded");
}

TEST_F(Service, ANewerImageReplacesTheOlderOnlyWhenItIsWhole) {
    ASSERT_EQ(upload("a", "first"), "ok");
    ASSERT_EQ(ask("image a 6"), "ok");
    ASSERT_EQ(ask("data\nsec"), "ok");
    EXPECT_EQ(as_text(store_->images().find("a")->bytes), "first");
    ASSERT_EQ(ask("data\nond"), "ok");
    EXPECT_EQ(as_text(store_->images().find("a")->bytes), "second");
}

TEST_F(Service, ImagesSurviveARestartAndHalfOnesDoNot) {
    ASSERT_EQ(upload("a", "alpha"), "ok");
    ASSERT_EQ(ask("image b 5"), "ok");
    restart();
    EXPECT_EQ(as_text(store_->images().find("a")->bytes), "alpha");
    EXPECT_EQ(store_->images().find("b"), nullptr);
    uint64_t free = store_->bytes_free();
    EXPECT_EQ(ask("data\nx"), "error no image is being uploaded");
    for (int round = 0; round < 100; ++round) ASSERT_EQ(upload("a", std::string(5000, 'x')), "ok");
    EXPECT_EQ(store_->bytes_free(), free - 4096);
}

TEST_F(Service, RoomIsLimitedAndSaid) {
    EXPECT_EQ(upload("big", std::string(62000, 'x')).substr(0, 35), "error no room for an image of 61K: ");
    for (int i = 0; i < 15; ++i) ASSERT_EQ(upload("i" + std::to_string(i), std::string(4000, 'x')), "ok") << i;
    ASSERT_EQ(ask("drop i3"), "ok");
    ASSERT_EQ(ask("drop i7"), "ok");
    EXPECT_NE(upload("two", std::string(8192, 'y')).find("in pieces"), std::string::npos);
    ASSERT_EQ(upload("one", std::string(4096, 'y')), "ok");
    EXPECT_EQ(as_text(store_->images().find("i2")->bytes), std::string(4000, 'x'));
}

TEST_F(Service, GarbageInTheStateAreaIsNotBelieved) {
    unsigned seed = 1;
    for (int round = 0; round < 300; ++round) {
        for (auto& byte : area_) byte = static_cast<std::byte>((seed = seed * 1103515245 + 12345) >> (16 + round % 9));
        restart();
        for (const Module& image : store_->images().modules())
            for (std::byte byte : image.bytes) seed += static_cast<unsigned>(byte);
    }
}

} // namespace
} // namespace skerry::builder
