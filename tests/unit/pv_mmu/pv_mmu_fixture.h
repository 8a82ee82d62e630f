// SPDX-License-Identifier: MIT
// A domain with a small address space: L4 -> L3 -> L2 -> L1, whose L1 maps its frames at linear address n * 4096.
#pragma once

#include "pv_mmu/entry_rules.h"
#include "reference_model.h"

#include <gtest/gtest.h>
#include <xen/xen.h>

namespace skerry {

// The rights check of the tests.
class AuthorityCheck {
  public:
    static ForeignAccess foreign(Account& account) { return ForeignAccess(account); }
};

inline constexpr uint64_t table_entry = pte::present | pte::writable | pte::user | pte::accessed | pte::dirty;
inline constexpr uint64_t read_write = pte::present | pte::writable | pte::accessed | pte::dirty;
inline constexpr uint64_t read_only = pte::present | pte::accessed;

struct PvMmuTest : testing::Test {
    HostMachine machine{128};
    ReferenceModel model;
    ModelDomain domain{DomId(5)};
    ModelDomain other{DomId(6)};
    PvMmu& mmu = domain.mmu;
    Mfn l4, l3, l2, l1;

    PvMmuTest() {
        model.add(domain);
        model.add(other);
        model.cpus.resize(2);
    }
    void TearDown() override { EXPECT_EQ(model.check(), ""); }

    Mfn allocate(ModelDomain& owner) { return allocator.allocate(owner.account).value(); }
    Mfn allocate() { return allocate(domain); }
    uint64_t& entry(Mfn table, unsigned index) { return machine.page(table)[index]; }
    static uint64_t to(Mfn mfn, uint64_t flags) { return Pte(mfn, flags).raw; }
    FrameWord word(Mfn mfn) { return frame(mfn).word(); }

    // With the base held and loaded on CPU 0.
    void build() {
        l4 = allocate(), l3 = allocate(), l2 = allocate(), l1 = allocate();
        entry(l4, 0) = to(l3, table_entry);
        entry(l3, 0) = to(l2, table_entry);
        entry(l2, 0) = to(l1, table_entry);
        for (Mfn table : {l4, l3, l2, l1}) entry(l1, static_cast<unsigned>(table.value)) = to(table, read_only);
        ASSERT_TRUE(take_base(l4).ok());
        model.load(0, domain, l4);
    }
    // CPU 0 has left the domain's address space.
    void stop_running() {
        domain.account.users.leave(CpuId(0));
        model.cpus[0] = {};
    }
    static GuestVirt virt(Mfn mfn) { return GuestVirt(mfn.value << page_shift); }

    template <typename F> static auto finish(F&& operation) {
        for (;;) {
            WorkBudget budget;
            auto result = operation(budget);
            if (result.ok() || result.error() != Error::restart) return result;
        }
    }
    Status pin(Mfn mfn, unsigned level) {
        return finish([&](WorkBudget& b) { return mmu.pin(mfn, level, b); });
    }
    Status unpin(Mfn mfn) {
        return finish([&](WorkBudget& b) { return mmu.unpin(mfn, b); });
    }
    Status take_base(Mfn mfn) {
        Status taken = finish([&](WorkBudget& b) { return mmu.take_base(mfn, b); });
        if (taken.ok()) domain.bases.push_back(mfn);
        return taken;
    }
    void release_base(Mfn mfn) {
        WorkBudget budget;
        mmu.release_base(mfn, budget);
        std::erase(domain.bases, mfn); // one use each in these tests
    }
    Status update(Mfn table, unsigned index, uint64_t value, uint64_t command = MMU_NORMAL_PT_UPDATE,
                  const ForeignAccess* foreign = nullptr) {
        return finish([&](WorkBudget& b) {
            return one_update(mmu, address_of(table).value + 8 * index + command, value, foreign, b);
        });
    }
    Status update_va(GuestVirt at, uint64_t value) {
        return finish([&](WorkBudget& b) { return mmu.update_va_mapping(l4, at, Pte(value), nullptr, b); });
    }
    Status map(Mfn mfn, uint64_t flags) { return update(l1, static_cast<unsigned>(mfn.value), to(mfn, flags)); }
    Status unmap(Mfn mfn) { return update(l1, static_cast<unsigned>(mfn.value), 0); }
    Status release(Mfn mfn) {
        return finish([&](WorkBudget& b) { return mmu.release_frame(mfn, b); });
    }
};

} // namespace skerry
