// SPDX-License-Identifier: MIT
// A domain as far as event channels need one: shared_info, vCPUs, guest pages, interrupts; it records what is delivered
// to it, and plays the guest's side of both ABIs.
#pragma once

#include "events/event_table.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string.h>
#include <vector>

namespace skerry::test {

struct FakeDomain : EventHost {
    explicit FakeDomain(uint16_t id, unsigned vcpu_count = 2, uint32_t max_port = EventTable::fifo_ports - 1);
    virtual ~FakeDomain();

    void deliver(VcpuId vcpu) override { ++delivered[vcpu.value]; }
    void wake_pollers(EvtPort port) override { polled.push_back(port.value); }
    void* take_page() override;
    void return_page(void* page) override;
    Result<void*> map(uint64_t guest_frame) override;
    void unmap(void* page) override;
    Status bind_pirq(uint32_t pirq, EvtPort port) override;
    void unbind_pirq(uint32_t pirq) override { pirq_ports.erase(pirq); }
    void aim_pirq(uint32_t pirq, VcpuId vcpu) override { pirq_vcpus[pirq] = vcpu.value; }

    // The guest's side.
    bool pending(uint32_t port) const { return shared->evtchn_pending[port / 64] >> port % 64 & 1; }
    bool masked(uint32_t port) const { return shared->evtchn_mask[port / 64] >> port % 64 & 1; }
    void set_mask(uint32_t port, bool masked);
    // Takes what is pending for the vCPU the way a guest does, in order.
    std::vector<uint32_t> consume(unsigned vcpu);
    std::vector<uint32_t> consume_fifo(unsigned vcpu);
    void use_fifo(unsigned vcpus, unsigned pages);
    event_word_t& word(uint32_t port);
    evtchn_fifo_control_block& control(unsigned vcpu);
    void finish(); // tears the table down and checks that every page came back

    static constexpr uint64_t control_frame = 1000, array_frame = 2000;

    std::unique_ptr<shared_info> shared = std::make_unique<shared_info>();
    std::vector<std::unique_ptr<EventVcpu>> vcpus;
    std::map<unsigned, unsigned> delivered;
    std::vector<uint32_t> polled;
    std::set<void*> pages;
    int page_limit = 1 << 20;
    std::map<uint64_t, std::unique_ptr<uint32_t[]>> frames;
    std::multiset<void*> mapped;
    std::map<uint32_t, uint32_t> pirq_ports, pirq_vcpus;
    std::map<unsigned, std::map<unsigned, uint32_t>> heads; // the guest's own copies
    EventTable table;
};

inline evtchn_status_t status_of(FakeDomain& domain, EvtPort port) {
    evtchn_status_t answer{};
    (void)domain.table.describe(port, answer).ok();
    return answer;
}

struct Connection {
    uint32_t a, b;
};
// An interdomain channel: a port in each.
Connection connect(FakeDomain& a, FakeDomain& b);

} // namespace skerry::test
