// SPDX-License-Identifier: MIT
// Grant entries under an honest granter and a hostile one: what a use needs, what it holds, and what is left
// afterwards.
#include "grants/grant_table.h"
#include "grants/maptrack.h"
#include "host_machine.h"

#include "arch/x86_64/layout.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <vector>

namespace skerry {
namespace {

constexpr DomId grantee{7}, stranger{8};

// What PvMmu::relinquish does for a domain without page tables.
void release_all(Account& account) {
    account.start_dying();
    for (Mfn mfn = account.first_frame(); mfn != invalid_mfn; mfn = account.first_frame())
        ASSERT_TRUE(frame(mfn).release_allocation());
    EXPECT_EQ(account.frames(), 0u);
}

class Grants : public testing::Test {
  protected:
    HostMachine machine{512};
    Account account{DomId(3), 64, 256};
    GrantTable table{account, 4, 2};

    void SetUp() override { ASSERT_TRUE(table.grow(1).ok()); }
    void TearDown() override {
        table.tear_down();
        release_all(account);
        EXPECT_EQ(account.core_frames(), 0u) << "every page of the table is given back";
    }

    Mfn frame_of_guest() { return allocator.allocate(account).value(); }
    grant_entry_v1_t& v1(uint32_t reference) {
        return to_pointer<grant_entry_v1_t>(table.shared_frame(reference / 512).value())[reference % 512];
    }
    grant_entry_v2_t& v2(uint32_t reference) {
        return to_pointer<grant_entry_v2_t>(table.shared_frame(reference / 256).value())[reference % 256];
    }
    grant_status_t& status(uint32_t reference) {
        return to_pointer<grant_status_t>(table.status_frame(0).value())[reference];
    }
    void grant(uint32_t reference, Mfn frame, uint16_t flags = GTF_permit_access, DomId to = grantee) {
        v1(reference) = {flags, to.value, static_cast<uint32_t>(frame.value)};
    }
    // What the user of a grant does at the end.
    void end(const GrantUse& use) {
        if (use.writes)
            WritableRef::adopt(frame(use.frame));
        else
            FrameRef::adopt(frame(use.frame));
        table.end_use(use.reference, use.writes);
    }
};

TEST_F(Grants, AUseHoldsTheFrameAndSaysSo) {
    Mfn mfn = frame_of_guest();
    grant(9, mfn);
    auto use = table.begin_use(GrantRef(9), grantee, true, true);
    ASSERT_TRUE(use.ok());
    EXPECT_EQ(use.value().frame, mfn);
    EXPECT_EQ(v1(9).flags, GTF_permit_access | GTF_reading | GTF_writing);
    EXPECT_TRUE(frame(mfn).word().is_used_as(FrameType::writable));
    end(use.value());
    EXPECT_EQ(v1(9).flags, GTF_permit_access);
    EXPECT_FALSE(frame(mfn).word().uses());
}

TEST_F(Grants, RefusesWhatIsNotGranted) {
    Mfn mfn = frame_of_guest();
    EXPECT_EQ(table.begin_use(GrantRef(512), grantee, false, true).error(), Error::not_found);
    EXPECT_EQ(table.begin_use(GrantRef(~0u), grantee, false, true).error(), Error::not_found);
    EXPECT_EQ(table.begin_use(GrantRef(9), grantee, false, true).error(), Error::invalid) << "an empty entry";
    grant(9, mfn, GTF_permit_access | GTF_readonly);
    EXPECT_EQ(table.begin_use(GrantRef(9), grantee, true, true).error(), Error::invalid) << "read-only";
    EXPECT_EQ(table.begin_use(GrantRef(9), stranger, false, true).error(), Error::invalid);
    grant(9, mfn, GTF_accept_transfer);
    EXPECT_EQ(table.begin_use(GrantRef(9), grantee, false, true).error(), Error::invalid);
    grant(9, mfn, GTF_permit_access | GTF_sub_page);
    EXPECT_EQ(table.begin_use(GrantRef(9), grantee, false, true).error(), Error::invalid) << "version 1 has no parts";
}

TEST_F(Grants, OnlyTheGrantersOwnOrdinaryFrames) {
    Account other(DomId(4), 8, 8);
    Mfn foreign = allocator.allocate(other).value();
    for (Mfn bad : {foreign, machine.io_frame(), Mfn(0xfffffff), Mfn(400)}) {
        grant(9, bad);
        EXPECT_EQ(table.begin_use(GrantRef(9), grantee, true, true).error(), Error::busy) << bad.value;
        EXPECT_EQ(v1(9).flags, GTF_permit_access) << "nothing is announced that does not happen";
    }
    release_all(other);
}

TEST_F(Grants, TheFrameIsSettledByTheFirstUse) {
    Mfn first = frame_of_guest(), second = frame_of_guest();
    grant(9, first);
    auto one = table.begin_use(GrantRef(9), grantee, false, true).value();
    grant(9, second, GTF_permit_access | GTF_reading); // the guest redirects a grant that is in use
    auto two = table.begin_use(GrantRef(9), grantee, true, true).value();
    EXPECT_EQ(two.frame, first);
    EXPECT_EQ(table.begin_use(GrantRef(9), stranger, false, true).error(), Error::invalid);
    end(one);
    EXPECT_EQ(v1(9).flags, GTF_permit_access | GTF_reading | GTF_writing) << "a writer is left";
    end(two);
    EXPECT_EQ(v1(9).flags, GTF_permit_access);
}

TEST_F(Grants, VersionTwoHasStatusPartsAndIntermediaries) {
    grant(0, frame_of_guest()); // the console's: survives the change
    grant(9, frame_of_guest());
    ASSERT_TRUE(table.set_version(2).ok());
    EXPECT_EQ(v2(0).hdr.flags, GTF_permit_access);
    EXPECT_EQ(v2(9).hdr.flags, 0);
    Mfn mfn = frame_of_guest();
    v2(20).full_page = {{GTF_permit_access, grantee.value}, 0, mfn.value};
    auto use = table.begin_use(GrantRef(20), grantee, true, true).value();
    EXPECT_EQ(status(20), GTF_reading | GTF_writing);
    EXPECT_EQ(table.set_version(1).error(), Error::busy);
    EXPECT_EQ(table.swap(GrantRef(20), GrantRef(21)).error(), Error::try_again);
    end(use);
    EXPECT_EQ(status(20), 0);

    v2(21).sub_page = {{GTF_permit_access | GTF_sub_page, grantee.value}, 100, 50, mfn.value};
    EXPECT_EQ(table.begin_use(GrantRef(21), grantee, false, true).error(), Error::not_permitted) << "not as a whole";
    auto part = table.begin_use(GrantRef(21), grantee, false, false).value();
    EXPECT_EQ(part.offset, 100);
    EXPECT_EQ(part.length, 50);
    end(part);
    v2(21).sub_page.page_off = 4095; // 50 bytes from there leave the page
    EXPECT_EQ(table.begin_use(GrantRef(21), grantee, false, false).error(), Error::invalid);

    v2(22).transitive = {{GTF_transitive, grantee.value}, 11, 0, 33};
    EXPECT_EQ(table.begin_use(GrantRef(22), grantee, false, true).error(), Error::not_permitted);
    auto passed_on = table.begin_use(GrantRef(22), grantee, false, false).value();
    EXPECT_TRUE(passed_on.is_transitive);
    EXPECT_EQ(passed_on.via_domain, DomId(11));
    EXPECT_EQ(passed_on.via_reference, GrantRef(33));
    table.end_use(GrantRef(22), false);
}

TEST_F(Grants, GrowsToItsLimitOnly) {
    EXPECT_EQ(table.grow(5).error(), Error::invalid);
    ASSERT_TRUE(table.grow(4).ok());
    EXPECT_EQ(table.frame_count(), 4u);
    EXPECT_EQ(table.shared_frame(4).error(), Error::invalid);
    EXPECT_EQ(table.status_frame(0).error(), Error::invalid);
    EXPECT_EQ(table.set_version(3).error(), Error::invalid);
    Account poor(DomId(5), 0, 3);
    GrantTable starved(poor, 4, 1);
    EXPECT_EQ(starved.grow(4).error(), Error::no_memory);
    EXPECT_EQ(starved.set_version(2).error(), Error::not_supported);
    starved.tear_down();
    EXPECT_EQ(poor.core_frames(), 0u);
}

TEST_F(Grants, ADyingTableWaitsForItsUsers) {
    Mfn mfn = frame_of_guest();
    grant(9, mfn);
    auto use = table.begin_use(GrantRef(9), grantee, true, true).value();
    table.tear_down();
    EXPECT_EQ(table.begin_use(GrantRef(9), grantee, true, true).error(), Error::not_found);
    EXPECT_GT(account.core_frames(), 0u);
    end(use);
    EXPECT_EQ(account.core_frames(), 0u);
}

TEST_F(Grants, CountsStayRightInARandomRun) {
    std::mt19937 random(5);
    std::vector<Mfn> frames;
    for (int i = 0; i < 8; ++i) frames.push_back(frame_of_guest());
    std::vector<GrantUse> uses;
    for (int step = 0; step < 20000; ++step) {
        uint32_t reference = random() % 16;
        switch (random() % 3) {
        case 0: // the guest rewrites an entry, in use or not
            grant(reference, frames[random() % frames.size()], static_cast<uint16_t>(random() % 32),
                  random() % 4 ? grantee : stranger);
            break;
        case 1:
            if (auto use = table.begin_use(GrantRef(reference), grantee, random() % 2, true); use.ok())
                uses.push_back(use.value());
            break;
        default:
            if (!uses.empty()) {
                std::swap(uses[random() % uses.size()], uses.back());
                end(uses.back());
                uses.pop_back();
            }
        }
        std::map<uint64_t, uint32_t> writers;
        for (const GrantUse& use : uses) writers[use.frame.value] += use.writes;
        for (Mfn mfn : frames) ASSERT_EQ(frame(mfn).word().uses(), writers[mfn.value]) << "step " << step;
    }
    for (const GrantUse& use : uses) end(use);
}

TEST(MaptrackTable, HandlesAreTakenOnceAndReused) {
    HostMachine machine(512);
    Account account(DomId(3), 0, 64);
    Maptrack maptrack(account, 1);
    GrantMapping mapping{.frame = 5,
                         .reference = 6,
                         .granter = 7,
                         .writes = true,
                         .host_mapped = true,
                         .device_mapped = false,
                         .in_use = true};
    uint32_t handle = maptrack.reserve().value();
    EXPECT_EQ(maptrack.take(handle).error(), Error::not_found) << "nothing is mapped yet";
    maptrack.put(handle, mapping);
    EXPECT_EQ(maptrack.take(handle + 1).error(), Error::not_found);
    EXPECT_EQ(maptrack.take(~0u).error(), Error::not_found);
    EXPECT_EQ(maptrack.take(handle).value().reference, 6u);
    EXPECT_EQ(maptrack.take(handle).error(), Error::not_found) << "somebody is ending it";
    maptrack.put(handle, mapping);
    EXPECT_TRUE(maptrack.take(handle).ok());
    maptrack.free(handle);
    for (unsigned i = 0; i < page_size / sizeof(GrantMapping); ++i) maptrack.put(maptrack.reserve().value(), mapping);
    EXPECT_EQ(maptrack.reserve().error(), Error::no_space);
    unsigned left = 0;
    while (maptrack.take_any().ok()) ++left;
    EXPECT_EQ(left, page_size / sizeof(GrantMapping));
    maptrack.free_tables();
    EXPECT_EQ(account.core_frames(), 0u);
}

} // namespace
} // namespace skerry
