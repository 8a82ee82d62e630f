// SPDX-License-Identifier: MIT
// Three domains do to one another's event channels what the input says, and scribble over their own shared pages
// meanwhile. In the end each must be torn down with every page back.
#include "fake_domain.h"

#include <array>

using namespace skerry;
using namespace skerry::test;

namespace {

struct Input {
    const uint8_t* next;
    const uint8_t* end;
    uint32_t byte() { return next < end ? *next++ : 0; }
    uint32_t word() { return byte() | byte() << 8 | byte() << 16 | byte() << 24; }
    // Mostly small port numbers.
    EvtPort port() {
        uint32_t value = byte();
        return EvtPort(value < 240 ? value % 24 : word());
    }
    VcpuId vcpu() { return VcpuId(byte() % 5); }
};

void scribble(FakeDomain& domain, Input& input) {
    uint32_t where = input.byte(), what = input.word();
    switch (where % 4) {
    case 0: domain.shared->evtchn_mask[where % 64] = what; break;
    case 1: domain.shared->evtchn_pending[where % 64] = what; break;
    default:
        if (domain.frames.empty()) return;
        auto frame = std::next(domain.frames.begin(), where / 4 % domain.frames.size());
        frame->second[input.byte()] = what;
    }
}

void act(std::array<std::unique_ptr<FakeDomain>, 3>& domains, Input& input) {
    uint32_t choice = input.byte();
    FakeDomain& self = *domains[choice / 32 % 3];
    FakeDomain& other = *domains[choice / 96 % 3];
    EventTable& table = self.table;
    WorkBudget budget(64);
    switch (choice % 20) {
    case 0: (void)table.alloc_unbound(other.table.owner()).ok(); break;
    case 1: (void)table.bind_interdomain(other.table, input.port()).ok(); break;
    case 2: (void)table.bind_virq(input.byte() % 26, input.vcpu()).ok(); break;
    case 3: (void)table.bind_ipi(input.vcpu()).ok(); break;
    case 4: (void)table.bind_pirq(input.byte() % 40).ok(); break;
    case 5: (void)table.close(input.port()).ok(); break;
    case 6: {
        evtchn_status_t answer;
        (void)table.describe(input.port(), answer).ok();
        break;
    }
    case 7: {
        EvtPort port = input.port();
        (void)table.bind_vcpu(port, input.vcpu()).ok();
        break;
    }
    case 8: (void)table.unmask(input.port()).ok(); break;
    case 9: (void)table.reset(budget).ok(); break;
    case 10: {
        uint32_t frame = input.byte() % 8, offset = input.byte() * 8;
        (void)table.init_control(frame, offset, input.vcpu()).ok();
        break;
    }
    case 11: (void)table.expand_array(input.byte() % 8).ok(); break;
    case 12: {
        EvtPort port = input.port();
        (void)table.set_priority(port, input.byte() % 18).ok();
        break;
    }
    case 13: table.send_virq(input.vcpu(), input.byte()); break;
    case 14: {
        EvtPort port = input.port();
        table.send_pirq(port, input.byte() % 32);
        break;
    }
    case 15: scribble(self, input); break;
    case 16: self.page_limit = static_cast<int>(input.byte() % 4); break;
    default: (void)table.send(input.port()).ok(); break;
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    testing::GTEST_FLAG(throw_on_failure) = true;
    std::array<std::unique_ptr<FakeDomain>, 3> domains;
    for (uint16_t i = 0; i < 3; ++i)
        domains[i] = std::make_unique<FakeDomain>(i, 4, i == 0 ? EventTable::fifo_ports - 1 : 300);
    for (Input input{data, data + size}; input.next < input.end;) act(domains, input);
    for (auto& domain : domains) domain->finish();
    return 0;
}
