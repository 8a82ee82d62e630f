// SPDX-License-Identifier: MIT
#include "fake_domain.h"

#include <bit>

namespace skerry::test {

FakeDomain::FakeDomain(uint16_t id, unsigned vcpu_count, uint32_t max_port) : table(DomId(id), max_port, *this) {
    memset(shared.get(), 0, sizeof(*shared));
    table.set_shared_info(shared.get());
    for (unsigned i = 0; i < vcpu_count; ++i) {
        vcpus.push_back(std::make_unique<EventVcpu>());
        table.attach_vcpu(VcpuId(i), *vcpus[i]);
        table.set_vcpu_info(VcpuId(i), &shared->vcpu_info[i]);
    }
}

FakeDomain::~FakeDomain() { finish(); }

void FakeDomain::finish() {
    for (;;) {
        WorkBudget budget;
        Status done = table.tear_down(budget);
        if (done.ok()) break;
        ASSERT_EQ(done.error(), Error::restart);
    }
    EXPECT_TRUE(pages.empty()) << "pages leak";
    EXPECT_TRUE(mapped.empty()) << "guest frames stay mapped";
    EXPECT_TRUE(pirq_ports.empty());
}

void* FakeDomain::take_page() {
    if (page_limit <= 0) return nullptr;
    --page_limit;
    void* page = aligned_alloc(page_size, page_size);
    memset(page, 0, page_size);
    pages.insert(page);
    return page;
}

void FakeDomain::return_page(void* page) {
    EXPECT_EQ(pages.erase(page), 1u);
    ++page_limit;
    free(page);
}

Result<void*> FakeDomain::map(uint64_t guest_frame) {
    if (guest_frame == 0) return Error::invalid;
    auto& frame = frames[guest_frame];
    if (!frame) {
        frame = std::make_unique<uint32_t[]>(page_size / 4);
        memset(frame.get(), 0, page_size);
    }
    mapped.insert(frame.get());
    return static_cast<void*>(frame.get());
}

void FakeDomain::unmap(void* page) {
    auto found = mapped.find(page);
    ASSERT_NE(found, mapped.end());
    mapped.erase(found);
}

Status FakeDomain::bind_pirq(uint32_t pirq, EvtPort port) {
    if (pirq >= 32) return Error::invalid;
    if (pirq >= 16) return Error::not_permitted;
    if (pirq_ports.count(pirq)) return Error::exists;
    pirq_ports[pirq] = port.value;
    return success;
}

void FakeDomain::set_mask(uint32_t port, bool masked) {
    uint64_t bit = uint64_t{1} << port % 64;
    shared->evtchn_mask[port / 64] = (shared->evtchn_mask[port / 64] & ~bit) | (masked ? bit : 0);
}

std::vector<uint32_t> FakeDomain::consume(unsigned vcpu) {
    if (table.uses_fifo()) return consume_fifo(vcpu);
    std::vector<uint32_t> ports;
    vcpu_info& info = *vcpus[vcpu]->info;
    __atomic_exchange_n(&info.evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
    uint64_t selected = __atomic_exchange_n(&info.evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    for (; selected; selected &= selected - 1) {
        unsigned index = std::countr_zero(selected);
        uint64_t words =
            __atomic_load_n(&shared->evtchn_pending[index], __ATOMIC_SEQ_CST) & ~shared->evtchn_mask[index];
        for (; words; words &= words - 1) {
            unsigned bit = std::countr_zero(words);
            __atomic_fetch_and(&shared->evtchn_pending[index], ~(uint64_t{1} << bit), __ATOMIC_SEQ_CST);
            ports.push_back(index * 64 + bit);
        }
    }
    return ports;
}

evtchn_fifo_control_block& FakeDomain::control(unsigned vcpu) {
    return *reinterpret_cast<evtchn_fifo_control_block*>(frames.at(control_frame + vcpu).get());
}

event_word_t& FakeDomain::word(uint32_t port) {
    return frames.at(array_frame + port / (page_size / 4))[port % (page_size / 4)];
}

void FakeDomain::use_fifo(unsigned vcpu_count, unsigned page_count) {
    for (unsigned i = 0; i < vcpu_count; ++i) ASSERT_TRUE(table.init_control(control_frame + i, 0, VcpuId(i)).ok());
    for (unsigned i = 0; i < page_count; ++i) ASSERT_TRUE(table.expand_array(array_frame + i).ok());
}

// As Linux does: by priority, following the links, clearing LINKED as it goes.
std::vector<uint32_t> FakeDomain::consume_fifo(unsigned vcpu) {
    std::vector<uint32_t> ports;
    evtchn_fifo_control_block& block = control(vcpu);
    __atomic_exchange_n(&vcpus[vcpu]->info.load()->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST);
    uint32_t ready = __atomic_exchange_n(&block.ready, 0, __ATOMIC_SEQ_CST);
    while (ready) {
        unsigned priority = std::countr_zero(ready);
        uint32_t head = heads[vcpu][priority];
        if (head == 0) head = __atomic_load_n(&block.head[priority], __ATOMIC_SEQ_CST);
        event_word_t& w = word(head);
        // Clear LINKED and the link, get the successor.
        uint32_t old = __atomic_load_n(&w, __ATOMIC_SEQ_CST), wanted;
        do {
            wanted = old & ~((1u << EVTCHN_FIFO_LINKED) | EVTCHN_FIFO_LINK_MASK);
        } while (!__atomic_compare_exchange_n(&w, &old, wanted, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
        uint32_t next = old & EVTCHN_FIFO_LINK_MASK;
        if (next == 0) ready &= ~(1u << priority);
        heads[vcpu][priority] = next;
        if ((old & 1u << EVTCHN_FIFO_PENDING) && !(old & 1u << EVTCHN_FIFO_MASKED)) {
            __atomic_fetch_and(&w, ~(1u << EVTCHN_FIFO_PENDING), __ATOMIC_SEQ_CST);
            ports.push_back(head);
        }
        ready |= __atomic_exchange_n(&block.ready, 0, __ATOMIC_SEQ_CST);
    }
    return ports;
}

Connection connect(FakeDomain& a, FakeDomain& b) {
    Result<EvtPort> unbound = a.table.alloc_unbound(b.table.owner());
    EXPECT_TRUE(unbound.ok());
    Result<EvtPort> bound = b.table.bind_interdomain(a.table, unbound.value());
    EXPECT_TRUE(bound.ok());
    return {unbound.value().value, bound.value().value};
}

} // namespace skerry::test
