// SPDX-License-Identifier: MIT
// Several CPUs at once: sends race with closing, moving, consuming and tearing down. The sanitizers and the lock
// checker watch; no event that was sent on a channel that stays open may be lost.
#include "fake_domain.h"

#include <atomic>
#include <random>
#include <thread>

namespace skerry::test {
namespace {

struct ConcurrencyTest : testing::TestWithParam<bool> {};

// deliver is called from many threads here.
struct SharedDomain : FakeDomain {
    using FakeDomain::FakeDomain;
    void deliver(VcpuId) override { ++deliveries; }
    std::atomic<unsigned> deliveries{0};
};

TEST_P(ConcurrencyTest, NothingSentIsLost) {
    SharedDomain receiver(1, 2), sender(2, 2);
    if (GetParam()) receiver.use_fifo(2, 1);
    constexpr unsigned links = 6;
    std::vector<Connection> channels;
    std::array<std::atomic<unsigned>, links> sent{}, seen{};
    for (unsigned i = 0; i < links; ++i) {
        channels.push_back(connect(receiver, sender));
        (void)receiver.table.bind_vcpu(EvtPort(channels[i].a), VcpuId(i % 2)).ok();
    }
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (unsigned t = 0; t < 2; ++t)
        threads.emplace_back([&, t] {
            std::mt19937 random(t);
            for (int i = 0; i < 30'000; ++i) {
                unsigned link = random() % links;
                ++sent[link];
                ASSERT_TRUE(sender.table.send(EvtPort(channels[link].b)).ok());
            }
        });
    auto consume = [&](unsigned vcpu) {
        for (uint32_t port : receiver.consume(vcpu)) {
            for (unsigned i = 0; i < links; ++i)
                if (channels[i].a == port) seen[i] = sent[i].load(); // everything sent so far is noticed now
        }
    };
    receiver.heads[0], receiver.heads[1]; // the map does not grow under the consumers
    for (unsigned p = 0; p < 16; ++p) receiver.heads[0][p] = receiver.heads[1][p] = 0;
    std::vector<std::thread> consumers;
    for (unsigned vcpu = 0; vcpu < 2; ++vcpu)
        consumers.emplace_back([&, vcpu] {
            while (!stop) consume(vcpu);
        });
    for (auto& thread : threads) thread.join();
    stop = true;
    for (auto& thread : consumers) thread.join();
    consume(0);
    consume(1);
    for (unsigned i = 0; i < links; ++i) EXPECT_EQ(seen[i], sent[i]) << "link " << i;
}

TEST_P(ConcurrencyTest, SendsRaceWithClosingAndTearingDown) {
    for (unsigned round = 0; round < 6; ++round) {
        SharedDomain a(1, 2), b(2, 2);
        if (GetParam()) {
            a.use_fifo(2, 1);
            b.use_fifo(2, 1);
        }
        for (int i = 0; i < 8; ++i) (void)connect(a, b);
        std::atomic<bool> dead{false};
        std::vector<std::thread> cpus;
        auto guest = [&](FakeDomain& self, FakeDomain& peer, unsigned seed, auto goes_on) {
            std::mt19937 random(seed);
            for (int i = 0; goes_on(i); ++i) {
                EvtPort port(random() % 12);
                VcpuId vcpu(random() % 2);
                switch (random() % 10) {
                case 0: (void)self.table.close(port).ok(); break;
                case 1: (void)self.table.bind_interdomain(peer.table, port).ok(); break;
                case 2: (void)self.table.alloc_unbound(peer.table.owner()).ok(); break;
                case 3: (void)self.table.bind_vcpu(port, vcpu).ok(); break;
                case 4: (void)self.table.unmask(port).ok(); break;
                case 5: (void)self.table.bind_virq(VIRQ_TIMER, vcpu).ok(); break;
                case 6: (void)status_of(peer, port); break;
                default: (void)self.table.send(port).ok();
                }
            }
        };
        // The dying domain's own vCPUs stop first; its peer and its timers do not.
        for (unsigned i = 0; i < 2; ++i) {
            cpus.emplace_back([&, i] { guest(a, b, round * 4 + i, [&](int) { return !dead.load(); }); });
            cpus.emplace_back([&, i] {
                while (!dead) b.table.send_virq(VcpuId(i), VIRQ_TIMER);
            });
        }
        guest(b, a, round * 4 + 2, [](int i) { return i < 1500; });
        b.finish();
        dead = true;
        for (auto& cpu : cpus) cpu.join();
    }
}

INSTANTIATE_TEST_SUITE_P(BothAbis, ConcurrencyTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Fifo" : "TwoLevel"; });

} // namespace
} // namespace skerry::test
