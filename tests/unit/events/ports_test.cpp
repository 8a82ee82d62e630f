// SPDX-License-Identifier: MIT
// Binding and closing: numbers, states and error codes.
#include "fake_domain.h"

namespace skerry::test {
namespace {

using Ports = std::vector<uint32_t>;

TEST(EventPorts, LowestFirstAndNeverZero) {
    FakeDomain d(1);
    EXPECT_EQ(d.table.alloc_unbound(DomId(2)).value(), EvtPort(1));
    EXPECT_EQ(d.table.bind_ipi(VcpuId(1)).value(), EvtPort(2));
    EXPECT_EQ(d.table.bind_virq(VIRQ_TIMER, VcpuId(0)).value(), EvtPort(3));
    ASSERT_TRUE(d.table.close(EvtPort(2)).ok());
    EXPECT_EQ(d.table.alloc_unbound(DomId(2)).value(), EvtPort(2));
    EXPECT_EQ(d.table.alloc_unbound(DomId(2)).value(), EvtPort(4));
    EXPECT_EQ(d.table.close(EvtPort(0)).error(), Error::invalid);
    EXPECT_EQ(d.table.send(EvtPort(0)).error(), Error::invalid);
    EXPECT_EQ(status_of(d, EvtPort(0)).status, unsigned(EVTCHNSTAT_closed));
}

TEST(EventPorts, TheTableIsBounded) {
    FakeDomain d(1, 1, 200);
    for (uint32_t port = 1; port <= 200; ++port) ASSERT_EQ(d.table.alloc_unbound(DomId(2)).value(), EvtPort(port));
    EXPECT_EQ(d.table.alloc_unbound(DomId(2)).error(), Error::no_space);
    ASSERT_TRUE(d.table.close(EvtPort(150)).ok());
    EXPECT_EQ(d.table.alloc_unbound(DomId(2)).value(), EvtPort(150));
    EXPECT_EQ(d.table.alloc_unbound(DomId(2)).error(), Error::no_space);
}

TEST(EventPorts, TwoLevelEndsAt4096) {
    FakeDomain d(1);
    for (uint32_t port = 1; port < 4096; ++port) ASSERT_EQ(d.table.alloc_unbound(DomId(2)).value(), EvtPort(port));
    EXPECT_EQ(d.table.alloc_unbound(DomId(2)).error(), Error::no_space);
    d.use_fifo(1, 1);
    EXPECT_EQ(d.table.alloc_unbound(DomId(2)).value(), EvtPort(4096));
}

TEST(EventPorts, MemoryIsChargedAndItsLackIsAnError) {
    FakeDomain d(1);
    d.page_limit = 0;
    EXPECT_EQ(d.table.alloc_unbound(DomId(2)).error(), Error::no_memory);
    d.page_limit = 1; // the first page
    for (uint32_t port = 1; port < 128; ++port) ASSERT_TRUE(d.table.alloc_unbound(DomId(2)).ok());
    EXPECT_EQ(d.table.alloc_unbound(DomId(2)).error(), Error::no_memory);
    EXPECT_EQ(d.table.alloc_unbound(DomId(2)).error(), Error::no_memory);
    d.page_limit = 1;
    EXPECT_EQ(d.table.alloc_unbound(DomId(2)).value(), EvtPort(128));
}

TEST(EventPorts, InterdomainNeedsTheRightPeer) {
    FakeDomain a(1), b(2), c(3);
    EvtPort unbound = a.table.alloc_unbound(DomId(2)).value();
    EXPECT_EQ(c.table.bind_interdomain(a.table, unbound).error(), Error::invalid);
    EXPECT_EQ(b.table.bind_interdomain(a.table, EvtPort(9)).error(), Error::invalid);
    EXPECT_EQ(b.table.bind_interdomain(a.table, EvtPort(0)).error(), Error::invalid);
    EXPECT_EQ(b.table.bind_interdomain(a.table, EvtPort(~0u)).error(), Error::invalid);
    EvtPort bound = b.table.bind_interdomain(a.table, unbound).value();
    EXPECT_EQ(b.table.bind_interdomain(a.table, unbound).error(), Error::invalid) << "taken";
    evtchn_status_t status = status_of(b, bound);
    EXPECT_EQ(status.status, unsigned(EVTCHNSTAT_interdomain));
    EXPECT_EQ(status.u.interdomain.dom, 1);
    EXPECT_EQ(status.u.interdomain.port, unbound.value);
    EXPECT_EQ(c.table.alloc_unbound(DomId(1)).value(), EvtPort(1)) << "a refusal takes no port";
}

TEST(EventPorts, ClosingOneEndLeavesTheOtherWaiting) {
    FakeDomain a(1), b(2);
    Connection link = connect(a, b);
    ASSERT_TRUE(a.table.close(EvtPort(link.a)).ok());
    evtchn_status_t status = status_of(b, EvtPort(link.b));
    EXPECT_EQ(status.status, unsigned(EVTCHNSTAT_unbound));
    EXPECT_EQ(status.u.unbound.dom, 1);
    EXPECT_TRUE(b.table.send(EvtPort(link.b)).ok()) << "swallowed";
    EXPECT_EQ(a.table.send(EvtPort(link.a)).error(), Error::invalid);
    EXPECT_EQ(a.table.close(EvtPort(link.a)).error(), Error::invalid);
    EXPECT_TRUE(a.table.bind_interdomain(b.table, EvtPort(link.b)).ok()) << "it waits for us again";
}

TEST(EventPorts, LoopbackWithinOneDomain) {
    FakeDomain d(1);
    Connection link = connect(d, d);
    EXPECT_NE(link.a, link.b);
    d.consume(0);
    ASSERT_TRUE(d.table.send(EvtPort(link.a)).ok());
    EXPECT_EQ(d.consume(0), Ports{link.b});
    ASSERT_TRUE(d.table.close(EvtPort(link.a)).ok());
    EXPECT_EQ(status_of(d, EvtPort(link.b)).status, unsigned(EVTCHNSTAT_unbound));
}

TEST(EventPorts, VirqRules) {
    FakeDomain d(1);
    EXPECT_EQ(d.table.bind_virq(24, VcpuId(0)).error(), Error::invalid);
    EXPECT_EQ(d.table.bind_virq(~0u, VcpuId(0)).error(), Error::invalid);
    EXPECT_EQ(d.table.bind_virq(VIRQ_CONSOLE, VcpuId(1)).error(), Error::invalid) << "global: on vCPU 0";
    EXPECT_EQ(d.table.bind_virq(VIRQ_TIMER, VcpuId(2)).error(), Error::not_found);
    EXPECT_EQ(d.table.bind_virq(VIRQ_TIMER, VcpuId(~0u)).error(), Error::not_found);
    EvtPort port = d.table.bind_virq(VIRQ_TIMER, VcpuId(1)).value();
    EXPECT_EQ(d.table.bind_virq(VIRQ_TIMER, VcpuId(1)).error(), Error::exists);
    EXPECT_TRUE(d.table.bind_virq(VIRQ_TIMER, VcpuId(0)).ok());
    ASSERT_TRUE(d.table.close(port).ok());
    d.table.send_virq(VcpuId(1), VIRQ_TIMER);
    EXPECT_FALSE(d.pending(port.value));
    EXPECT_TRUE(d.table.bind_virq(VIRQ_TIMER, VcpuId(1)).ok());
    EXPECT_EQ(status_of(d, port).u.virq, unsigned(VIRQ_TIMER));
}

TEST(EventPorts, BindVcpuRules) {
    FakeDomain a(1), b(2);
    Connection link = connect(a, b);
    EvtPort ipi = a.table.bind_ipi(VcpuId(0)).value();
    EvtPort timer = a.table.bind_virq(VIRQ_TIMER, VcpuId(0)).value();
    EvtPort global = a.table.bind_virq(VIRQ_CON_RING, VcpuId(0)).value();
    EXPECT_TRUE(a.table.bind_vcpu(EvtPort(link.a), VcpuId(1)).ok());
    EXPECT_TRUE(a.table.bind_vcpu(global, VcpuId(1)).ok());
    EXPECT_EQ(a.table.bind_vcpu(ipi, VcpuId(1)).error(), Error::invalid);
    EXPECT_EQ(a.table.bind_vcpu(timer, VcpuId(1)).error(), Error::invalid);
    EXPECT_EQ(a.table.bind_vcpu(EvtPort(link.a), VcpuId(2)).error(), Error::not_found);
    EXPECT_EQ(a.table.bind_vcpu(EvtPort(99), VcpuId(0)).error(), Error::invalid);
    ASSERT_TRUE(b.table.send(EvtPort(link.b)).ok());
    EXPECT_EQ(a.consume(0), Ports{});
    EXPECT_EQ(a.consume(1), Ports{link.a});
    ASSERT_TRUE(a.table.close(EvtPort(link.a)).ok());
    EvtPort again = a.table.alloc_unbound(DomId(2)).value();
    EXPECT_EQ(status_of(a, again).vcpu, 0u) << "a reused port is back on vCPU 0";
}

TEST(EventPorts, PirqsAreRouted) {
    FakeDomain d(1);
    EXPECT_EQ(d.table.bind_pirq(40).error(), Error::invalid);
    EXPECT_EQ(d.table.bind_pirq(20).error(), Error::not_permitted);
    EvtPort port = d.table.bind_pirq(5).value();
    EXPECT_EQ(port, EvtPort(1)) << "refusals take no port";
    EXPECT_EQ(d.table.bind_pirq(5).error(), Error::exists);
    d.table.send_pirq(port, 5);
    EXPECT_EQ(d.consume(0), Ports{port.value});
    ASSERT_TRUE(d.table.bind_vcpu(port, VcpuId(1)).ok());
    EXPECT_EQ(d.pirq_vcpus[5], 1u);
    ASSERT_TRUE(d.table.unmask(port).ok());
    EXPECT_EQ(d.table.send(port).error(), Error::invalid);
    ASSERT_TRUE(d.table.close(port).ok());
    EXPECT_TRUE(d.pirq_ports.empty());
    d.table.send_pirq(port, 5); // an interrupt that was on its way
    EXPECT_FALSE(d.pending(port.value));
    EvtPort reused = d.table.bind_pirq(6).value();
    ASSERT_EQ(reused, port);
    d.table.send_pirq(port, 5); // a very late one
    EXPECT_FALSE(d.pending(port.value));
}

TEST(EventPorts, ResetClosesEverythingInBoundedSteps) {
    FakeDomain a(1), b(2);
    Connection link = connect(a, b);
    for (int i = 0; i < 3000; ++i) ASSERT_TRUE(a.table.alloc_unbound(DomId(2)).ok());
    WorkBudget small(100);
    EXPECT_EQ(a.table.reset(small).error(), Error::restart);
    Status done = Error::restart;
    while (!done.ok()) {
        WorkBudget budget;
        done = a.table.reset(budget);
        ASSERT_TRUE(done.ok() || done.error() == Error::restart);
    }
    EXPECT_EQ(status_of(b, EvtPort(link.b)).status, unsigned(EVTCHNSTAT_unbound));
    EXPECT_EQ(a.table.alloc_unbound(DomId(2)).value(), EvtPort(1));
}

TEST(EventPorts, ADyingDomainBindsNothing) {
    FakeDomain a(1), b(2);
    Connection link = connect(a, b);
    a.finish();
    EXPECT_EQ(a.table.alloc_unbound(DomId(2)).error(), Error::invalid);
    EXPECT_EQ(status_of(b, EvtPort(link.b)).status, unsigned(EVTCHNSTAT_unbound));
    EXPECT_EQ(b.table.bind_interdomain(a.table, EvtPort(link.a)).error(), Error::invalid);
    EXPECT_TRUE(b.table.send(EvtPort(link.b)).ok());
}

} // namespace
} // namespace skerry::test
