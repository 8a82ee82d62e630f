// SPDX-License-Identifier: MIT
// How events reach the guest's flags, by both ABIs.
#include "fake_domain.h"

#include <array>
#include <random>

namespace skerry::test {
namespace {

using Ports = std::vector<uint32_t>;

TEST(TwoLevel, SendSetsEveryFlagOnce) {
    FakeDomain d(1);
    EvtPort port = d.table.bind_ipi(VcpuId(1)).value();
    ASSERT_TRUE(d.table.send(port).ok());
    EXPECT_TRUE(d.pending(port.value));
    EXPECT_EQ(d.shared->vcpu_info[1].evtchn_pending_sel, 1u);
    EXPECT_EQ(d.shared->vcpu_info[1].evtchn_upcall_pending, 1);
    EXPECT_EQ(d.delivered[1], 1u);
    ASSERT_TRUE(d.table.send(port).ok());
    EXPECT_EQ(d.delivered[1], 1u) << "already pending";
    EXPECT_EQ(d.consume(1), Ports{port.value});
    ASSERT_TRUE(d.table.send(port).ok());
    EXPECT_EQ(d.delivered[1], 2u);
}

TEST(TwoLevel, MaskedStaysQuietUntilUnmasked) {
    FakeDomain d(1);
    EvtPort port = d.table.bind_ipi(VcpuId(0)).value();
    d.set_mask(port.value, true);
    ASSERT_TRUE(d.table.send(port).ok());
    EXPECT_TRUE(d.table.is_pending(port));
    EXPECT_TRUE(d.masked(port.value));
    EXPECT_EQ(d.delivered[0], 0u);
    ASSERT_TRUE(d.table.unmask(port).ok());
    EXPECT_FALSE(d.masked(port.value));
    EXPECT_EQ(d.delivered[0], 1u);
    EXPECT_EQ(d.consume(0), Ports{port.value});
    ASSERT_TRUE(d.table.unmask(port).ok());
    EXPECT_EQ(d.delivered[0], 1u) << "nothing pending";
    EXPECT_EQ(d.table.unmask(EvtPort(5000)).error(), Error::invalid);
}

TEST(TwoLevel, BindInterdomainStartsPending) {
    FakeDomain a(1), b(2);
    Connection link = connect(a, b);
    EXPECT_EQ(b.consume(0), Ports{link.b});
    EXPECT_EQ(a.consume(0), Ports{});
    ASSERT_TRUE(b.table.send(EvtPort(link.b)).ok());
    EXPECT_EQ(a.consume(0), Ports{link.a});
}

TEST(TwoLevel, ClosingTakesThePendingEventAlong) {
    FakeDomain d(1);
    EvtPort port = d.table.bind_ipi(VcpuId(0)).value();
    ASSERT_TRUE(d.table.send(port).ok());
    ASSERT_TRUE(d.table.close(port).ok());
    EXPECT_FALSE(d.pending(port.value));
}

TEST(TwoLevel, PollersAreToldEvenOfMaskedPorts) {
    FakeDomain d(1);
    EvtPort port = d.table.bind_ipi(VcpuId(0)).value();
    d.set_mask(port.value, true);
    ASSERT_TRUE(d.table.send(port).ok());
    EXPECT_TRUE(d.polled.empty());
    d.shared->evtchn_pending[0] = 0;
    d.table.begin_poll();
    ASSERT_TRUE(d.table.send(port).ok());
    EXPECT_EQ(d.polled, Ports{port.value});
    d.table.end_poll();
}

TEST(TwoLevel, VcpuInfoMayMoveAndNothingIsLost) {
    FakeDomain d(1);
    EvtPort port = d.table.bind_ipi(VcpuId(0)).value();
    ASSERT_TRUE(d.table.send(port).ok());
    vcpu_info moved{};
    d.table.set_vcpu_info(VcpuId(0), &moved);
    EXPECT_EQ(moved.evtchn_upcall_pending, 1);
    EXPECT_EQ(moved.evtchn_pending_sel, ~0ul);
    EXPECT_EQ(d.consume(0), Ports{port.value});
    ASSERT_TRUE(d.table.send(port).ok());
    EXPECT_EQ(moved.evtchn_upcall_pending, 1);
}

TEST(TwoLevel, BeforeThereIsASharedPageEventsVanish) {
    FakeDomain d(1);
    d.table.set_shared_info(nullptr);
    EvtPort port = d.table.bind_ipi(VcpuId(0)).value();
    EXPECT_TRUE(d.table.send(port).ok());
    EXPECT_FALSE(d.table.is_pending(port));
    EXPECT_TRUE(d.table.unmask(port).ok());
}

TEST(Virqs, PerVcpuAndGlobal) {
    FakeDomain a(1), b(2);
    EvtPort timer = a.table.bind_virq(VIRQ_TIMER, VcpuId(1)).value();
    EvtPort console = a.table.bind_virq(VIRQ_CONSOLE, VcpuId(0)).value();
    EvtPort other = b.table.bind_virq(VIRQ_CONSOLE, VcpuId(0)).value();
    a.table.send_virq(VcpuId(1), VIRQ_TIMER);
    a.table.send_virq(VcpuId(0), VIRQ_TIMER); // not bound
    a.table.send_virq(VcpuId(9), VIRQ_TIMER);
    EXPECT_EQ(a.consume(1), Ports{timer.value});
    GlobalVirqs globals;
    globals.send(VIRQ_CONSOLE);
    globals.set_default(&a.table);
    globals.send(VIRQ_CONSOLE);
    EXPECT_EQ(a.consume(0), Ports{console.value});
    ASSERT_TRUE(globals.set_handler(VIRQ_CONSOLE, &b.table).ok());
    EXPECT_EQ(globals.set_handler(VIRQ_TIMER, &b.table).error(), Error::invalid);
    EXPECT_EQ(globals.set_handler(24, &b.table).error(), Error::invalid);
    globals.send(VIRQ_CONSOLE);
    EXPECT_EQ(a.consume(0), Ports{});
    EXPECT_EQ(b.consume(0), Ports{other.value});
    globals.forget(b.table);
    globals.send(VIRQ_CONSOLE);
    EXPECT_EQ(a.consume(0), Ports{console.value});
}

TEST(Virqs, ADyingDomainHandlesNone) {
    FakeDomain a(1), b(2);
    ASSERT_TRUE(global_virqs.set_handler(VIRQ_CONSOLE, &b.table).ok());
    b.finish();
    global_virqs.send(VIRQ_CONSOLE); // nobody's now
    EXPECT_EQ(global_virqs.set_handler(VIRQ_CONSOLE, &b.table).error(), Error::invalid);
    b.table.send_virq(VcpuId(0), VIRQ_TIMER);
    b.table.send_pirq(EvtPort(1), 1);
}

TEST(Fifo, StartAndItsErrors) {
    FakeDomain d(1);
    EXPECT_EQ(d.table.expand_array(5).error(), Error::not_supported);
    EvtPort port = d.table.bind_ipi(VcpuId(0)).value();
    EXPECT_EQ(d.table.set_priority(port, 3).error(), Error::no_system_call);
    EXPECT_EQ(d.table.init_control(1, 0, VcpuId(7)).error(), Error::not_found);
    EXPECT_EQ(d.table.init_control(1, 4, VcpuId(0)).error(), Error::invalid);
    EXPECT_EQ(d.table.init_control(1, 4096 - 64, VcpuId(0)).error(), Error::invalid);
    EXPECT_EQ(d.table.init_control(1, ~0u, VcpuId(0)).error(), Error::invalid);
    EXPECT_EQ(d.table.init_control(0, 0, VcpuId(0)).error(), Error::invalid) << "not its frame";
    EXPECT_FALSE(d.table.uses_fifo());
    ASSERT_TRUE(d.table.init_control(1, 4096 - 72, VcpuId(0)).ok());
    EXPECT_TRUE(d.table.uses_fifo());
    EXPECT_EQ(d.table.init_control(2, 0, VcpuId(0)).error(), Error::invalid) << "has one";
    EXPECT_EQ(d.table.set_priority(port, 16).error(), Error::invalid);
    EXPECT_EQ(d.table.set_priority(EvtPort(4000), 1).error(), Error::invalid);
    EXPECT_TRUE(d.table.set_priority(port, 15).ok());
    for (unsigned i = 0; i < 128; ++i) ASSERT_TRUE(d.table.expand_array(3000 + i).ok());
    EXPECT_EQ(d.table.expand_array(4000).error(), Error::no_space);
}

TEST(Fifo, InOrderOfArrivalWithinAPriority) {
    FakeDomain d(1);
    d.use_fifo(2, 1);
    Ports ports;
    for (int i = 0; i < 5; ++i) ports.push_back(d.table.bind_ipi(VcpuId(0)).value().value);
    for (uint32_t port : {ports[3], ports[1], ports[4], ports[1]}) ASSERT_TRUE(d.table.send(EvtPort(port)).ok());
    EXPECT_EQ(d.delivered[0], 1u);
    EXPECT_EQ(d.consume(0), (Ports{ports[3], ports[1], ports[4]}));
    ASSERT_TRUE(d.table.send(EvtPort(ports[4])).ok());
    EXPECT_EQ(d.consume(0), Ports{ports[4]}) << "the old tail starts a new queue";
    EXPECT_EQ(d.delivered[0], 2u);
}

TEST(Fifo, PrioritiesGoFirst) {
    FakeDomain d(1);
    d.use_fifo(1, 1);
    EvtPort low = d.table.bind_ipi(VcpuId(0)).value();
    EvtPort normal = d.table.bind_ipi(VcpuId(0)).value();
    EvtPort high = d.table.bind_ipi(VcpuId(0)).value();
    ASSERT_TRUE(d.table.set_priority(low, EVTCHN_FIFO_PRIORITY_MIN).ok());
    ASSERT_TRUE(d.table.set_priority(high, EVTCHN_FIFO_PRIORITY_MAX).ok());
    for (EvtPort port : {low, normal, high}) ASSERT_TRUE(d.table.send(port).ok());
    EXPECT_EQ(d.consume(0), (Ports{high.value, normal.value, low.value}));
}

TEST(Fifo, MaskAndUnmask) {
    FakeDomain d(1);
    d.use_fifo(1, 1);
    EvtPort port = d.table.bind_ipi(VcpuId(0)).value();
    d.word(port.value) |= 1u << EVTCHN_FIFO_MASKED;
    ASSERT_TRUE(d.table.send(port).ok());
    EXPECT_EQ(d.delivered[0], 0u);
    EXPECT_TRUE(d.table.is_pending(port));
    ASSERT_TRUE(d.table.unmask(port).ok());
    EXPECT_EQ(d.delivered[0], 1u);
    EXPECT_EQ(d.consume(0), Ports{port.value});
}

TEST(Fifo, EventsBeforeTheirWordExistsAreRaisedLater) {
    FakeDomain d(1);
    EvtPort early = d.table.bind_ipi(VcpuId(0)).value();
    ASSERT_TRUE(d.table.send(early).ok());
    EvtPort other = d.table.bind_ipi(VcpuId(0)).value();
    ASSERT_TRUE(d.table.init_control(FakeDomain::control_frame, 0, VcpuId(0)).ok());
    ASSERT_TRUE(d.table.send(other).ok());
    ASSERT_TRUE(d.table.expand_array(FakeDomain::array_frame).ok());
    EXPECT_EQ(d.consume(0), (Ports{early.value, other.value}));
}

TEST(Fifo, MovingAPortToAnotherVcpu) {
    FakeDomain a(1), b(2);
    a.use_fifo(2, 1);
    Connection link = connect(a, b);
    EvtPort anchor = a.table.bind_ipi(VcpuId(0)).value();
    ASSERT_TRUE(b.table.send(EvtPort(link.b)).ok());
    ASSERT_TRUE(a.table.bind_vcpu(EvtPort(link.a), VcpuId(1)).ok());
    ASSERT_TRUE(b.table.send(EvtPort(link.b)).ok());
    EXPECT_EQ(a.consume(0), Ports{link.a}) << "still on the queue it was put on";
    ASSERT_TRUE(b.table.send(EvtPort(link.b)).ok());
    ASSERT_TRUE(a.table.send(anchor).ok());
    EXPECT_EQ(a.consume(1), Ports{link.a});
    EXPECT_EQ(a.consume(0), Ports{anchor.value}) << "the old queue does not hang on the port that left";
}

TEST(Fifo, AClosedPortThatIsStillLinkedIsNotReused) {
    FakeDomain d(1);
    d.use_fifo(1, 1);
    EvtPort port = d.table.bind_ipi(VcpuId(0)).value();
    ASSERT_TRUE(d.table.send(port).ok());
    ASSERT_TRUE(d.table.close(port).ok());
    EXPECT_NE(d.table.bind_ipi(VcpuId(0)).value(), port);
    EXPECT_EQ(d.consume(0), Ports{}) << "its pending bit is gone";
    EXPECT_EQ(d.table.bind_ipi(VcpuId(0)).value(), port);
}

TEST(Fifo, ResetReturnsToTwoLevel) {
    FakeDomain d(1);
    d.use_fifo(2, 3);
    EvtPort port = d.table.bind_ipi(VcpuId(0)).value();
    ASSERT_TRUE(d.table.send(port).ok());
    WorkBudget budget(1 << 20);
    ASSERT_TRUE(d.table.reset(budget).ok());
    EXPECT_FALSE(d.table.uses_fifo());
    EXPECT_TRUE(d.mapped.empty());
    port = d.table.bind_ipi(VcpuId(0)).value();
    EXPECT_EQ(port, EvtPort(1));
    d.shared->vcpu_info[0].evtchn_upcall_pending = 0;
    ASSERT_TRUE(d.table.send(port).ok());
    EXPECT_EQ(d.consume(0), Ports{port.value});
    d.heads.clear();
    memset(d.frames[FakeDomain::control_frame].get(), 0, page_size);
    memset(d.frames[FakeDomain::array_frame].get(), 0, page_size);
    d.use_fifo(1, 1);
    ASSERT_TRUE(d.table.send(port).ok());
    EXPECT_EQ(d.consume(0), Ports{port.value});
}

TEST(Fifo, HostileWordsHarmOnlyTheirOwner) {
    FakeDomain hostile(1), peer(2);
    hostile.use_fifo(2, 1);
    Connection link = connect(hostile, peer);
    Ports ports{link.a};
    for (int i = 0; i < 6; ++i) ports.push_back(hostile.table.bind_ipi(VcpuId(i % 2)).value().value);
    std::mt19937 random(3);
    for (int step = 0; step < 20'000; ++step) {
        switch (random() % 6) {
        case 0: hostile.word(random() % 1024) = static_cast<uint32_t>(random()); break;
        case 1: hostile.control(random() % 2).head[random() % 16] = static_cast<uint32_t>(random()); break;
        case 2: hostile.control(random() % 2).ready = static_cast<uint32_t>(random()); break;
        case 3: (void)hostile.table.set_priority(EvtPort(ports[random() % ports.size()]), random() % 16).ok(); break;
        case 4: (void)hostile.table.bind_vcpu(EvtPort(link.a), VcpuId(random() % 2)).ok(); break;
        default:
            ASSERT_TRUE(peer.table.send(EvtPort(link.b)).ok());
            (void)hostile.table.send(EvtPort(ports[random() % ports.size()])).ok();
            (void)hostile.table.unmask(EvtPort(ports[random() % ports.size()])).ok();
        }
    }
}

// Many operations on three domains against a model of what is bound to what, and what must have been delivered.
struct ModelTest : testing::TestWithParam<bool> {};

TEST_P(ModelTest, RandomOperationsMatchTheModel) {
    for (unsigned seed = 0; seed < 15; ++seed) {
        std::mt19937 random(seed);
        std::array<std::unique_ptr<FakeDomain>, 3> domains;
        for (uint16_t i = 0; i < 3; ++i) domains[i] = std::make_unique<FakeDomain>(i, 3, 160);
        if (GetParam())
            for (auto& domain : domains) domain->use_fifo(3, 1);
        struct Port {
            PortState state = PortState::free;
            unsigned domain = 0, number = 0, vcpu = 0;
            bool expected = false;
        };
        std::array<std::map<uint32_t, Port>, 3> model;
        for (int step = 0; step < 4000; ++step) {
            unsigned self = random() % 3, other = random() % 3;
            FakeDomain& d = *domains[self];
            FakeDomain& o = *domains[other];
            auto pick = [&](unsigned domain) {
                auto& ports = model[domain];
                if (ports.empty() || random() % 16 == 0) return uint32_t(random() % 170);
                return std::next(ports.begin(), random() % ports.size())->first;
            };
            switch (random() % 8) {
            case 0: {
                Result<EvtPort> port = d.table.alloc_unbound(DomId(static_cast<uint16_t>(other)));
                if (port.ok())
                    model[self][port.value().value] = {PortState::unbound, other, 0, 0, false};
                else
                    ASSERT_EQ(port.error(), Error::no_space);
                break;
            }
            case 1: {
                uint32_t remote = pick(other);
                Result<EvtPort> port = d.table.bind_interdomain(o.table, EvtPort(remote));
                bool legal = model[other].count(remote) && model[other][remote].state == PortState::unbound &&
                             model[other][remote].domain == self;
                if (port.ok()) {
                    ASSERT_TRUE(legal);
                    model[self][port.value().value] = {PortState::interdomain, other, remote, 0, true};
                    Port& theirs = model[other][remote];
                    theirs = {PortState::interdomain, self, port.value().value, theirs.vcpu, theirs.expected};
                } else {
                    ASSERT_TRUE(!legal || port.error() == Error::no_space);
                }
                break;
            }
            case 2: {
                unsigned vcpu = random() % 4;
                Result<EvtPort> port = d.table.bind_ipi(VcpuId(vcpu));
                if (port.ok()) model[self][port.value().value] = {PortState::ipi, self, 0, vcpu, false};
                break;
            }
            case 3: {
                uint32_t port = pick(self);
                Status closed = d.table.close(EvtPort(port));
                ASSERT_EQ(closed.ok(), model[self].count(port) == 1);
                if (!closed.ok()) break;
                Port was = model[self][port];
                model[self].erase(port);
                if (was.state == PortState::interdomain) {
                    Port& theirs = model[was.domain][was.number];
                    theirs.state = PortState::unbound;
                    theirs.domain = self;
                    theirs.number = 0;
                }
                break;
            }
            case 4: {
                uint32_t port = pick(self);
                unsigned vcpu = random() % 3;
                Status moved = d.table.bind_vcpu(EvtPort(port), VcpuId(vcpu));
                bool legal = model[self].count(port) && model[self][port].state != PortState::ipi;
                ASSERT_EQ(moved.ok(), legal);
                if (legal) model[self][port].vcpu = vcpu;
                break;
            }
            default: {
                uint32_t port = pick(self);
                Status sent = d.table.send(EvtPort(port));
                ASSERT_EQ(sent.ok(), model[self].count(port) == 1);
                if (!sent.ok()) break;
                Port& from = model[self][port];
                if (from.state == PortState::ipi) from.expected = true;
                if (from.state == PortState::interdomain) model[from.domain][from.number].expected = true;
            }
            }
            if (random() % 20 == 0) {
                std::set<uint32_t> got, expected;
                for (unsigned vcpu = 0; vcpu < 3; ++vcpu)
                    for (uint32_t port : d.consume(vcpu)) got.insert(port);
                for (auto& [number, port] : model[self]) {
                    if (port.expected) expected.insert(number);
                    port.expected = false;
                }
                ASSERT_EQ(got, expected) << "seed " << seed << " step " << step;
            }
            uint32_t looked_at = pick(self);
            evtchn_status_t answer{};
            Status status = d.table.describe(EvtPort(looked_at), answer);
            if (model[self].count(looked_at)) {
                Port& port = model[self][looked_at];
                ASSERT_TRUE(status.ok());
                ASSERT_EQ(answer.status, static_cast<uint32_t>(port.state));
                ASSERT_EQ(answer.vcpu, port.vcpu);
                if (port.state == PortState::interdomain) { ASSERT_EQ(answer.u.interdomain.port, port.number); }
            } else if (status.ok()) {
                ASSERT_EQ(answer.status, unsigned(EVTCHNSTAT_closed));
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(BothAbis, ModelTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "Fifo" : "TwoLevel"; });

} // namespace
} // namespace skerry::test
