// SPDX-License-Identifier: MIT
// What a PV guest may and may not see of a machine that has everything.
#include "traps/cpuid_policy.h"

#include <gtest/gtest.h>
#include <string.h>
#include <xen/arch-x86/cpuid.h>

using namespace skerry;

namespace {

bool machine_is_amd;

CpuidLeaf everything(uint32_t leaf, uint32_t subleaf) {
    switch (leaf) {
    case 0:
        return machine_is_amd ? CpuidLeaf{0x1f, 0x68747541, 0x444d4163, 0x69746e65}
                              : CpuidLeaf{0x1f, 0x756e6547, 0x6c65746e, 0x49656e69};
    case 1: return {0x000906ea, 0x12345678, ~0u, ~0u};
    case 0xd:
        if (subleaf == 0) return {0xe7, 0xa88, 0xa88, 0};
        if (subleaf == 2) return {256, 576, 0, 0};
        if (subleaf == 5) return {64, 1088, 0, 0};
        if (subleaf == 6) return {512, 1152, 0, 0};
        if (subleaf == 7) return {1024, 1664, 0, 0};
        return {~0u, ~0u, ~0u, ~0u};
    case 0x80000000: return {0x80000028, 0, 0, 0};
    default: return {~0u, ~0u, ~0u, ~0u};
    }
}

CpuidView full_view() {
    return {.machine = everything,
            .osxsave = true,
            .fsgsbase = true,
            .rdtscp = true,
            .machine_xcr0 = 0xe7,
            .guest_xcr0 = 7,
            .tsc_khz = 1000000,
            .tsc_offset = 0x123456789a,
            .tsc_multiplier = 0x80000000,
            .tsc_shift = -1,
            .address_bits = 46};
}

bool bit(uint32_t word, unsigned number) { return word >> number & 1; }

} // namespace

TEST(Cpuid, Leaf1HidesWhatPvHasNot) {
    machine_is_amd = false;
    CpuidLeaf leaf = guest_cpuid(full_view(), 1, 0);
    EXPECT_FALSE(bit(leaf.edx, 3));  // PSE
    EXPECT_FALSE(bit(leaf.edx, 12)); // MTRR
    EXPECT_FALSE(bit(leaf.edx, 13)); // PGE
    EXPECT_FALSE(bit(leaf.ecx, 3));  // MONITOR
    EXPECT_FALSE(bit(leaf.ecx, 5));  // VMX
    EXPECT_FALSE(bit(leaf.ecx, 17)); // PCID
    EXPECT_FALSE(bit(leaf.ecx, 21)); // x2APIC
    EXPECT_FALSE(bit(leaf.ecx, 24)); // TSC deadline
    EXPECT_TRUE(bit(leaf.ecx, 31));  // hypervisor
    EXPECT_TRUE(bit(leaf.ecx, 27));  // OSXSAVE, because the guest set it
    EXPECT_TRUE(bit(leaf.ecx, 28));  // AVX
    EXPECT_TRUE(bit(leaf.edx, 6));   // PAE
    EXPECT_EQ(leaf.ebx >> 24, 0u);   // no APIC number
    EXPECT_EQ(leaf.eax, 0x000906eau);
}

TEST(Cpuid, OsxsaveFollowsTheGuest) {
    CpuidView view = full_view();
    view.osxsave = false;
    EXPECT_FALSE(bit(guest_cpuid(view, 1, 0).ecx, 27));
}

TEST(Cpuid, WithoutXsaveNoVectors) {
    CpuidView view = full_view();
    view.machine_xcr0 = 0;
    CpuidLeaf leaf = guest_cpuid(view, 1, 0);
    EXPECT_FALSE(bit(leaf.ecx, 26));
    EXPECT_FALSE(bit(leaf.ecx, 28));
    EXPECT_FALSE(bit(guest_cpuid(view, 7, 0).ebx, 5));  // AVX2
    EXPECT_FALSE(bit(guest_cpuid(view, 7, 0).ebx, 16)); // AVX512F
    EXPECT_EQ(guest_cpuid(view, 0xd, 0).ebx, 0u);
}

TEST(Cpuid, Leaf7HidesSupervisorFeatures) {
    CpuidLeaf leaf = guest_cpuid(full_view(), 7, 0);
    EXPECT_FALSE(bit(leaf.ebx, 7));  // SMEP
    EXPECT_FALSE(bit(leaf.ebx, 10)); // INVPCID
    EXPECT_FALSE(bit(leaf.ebx, 20)); // SMAP
    EXPECT_FALSE(bit(leaf.ecx, 3));  // PKU
    EXPECT_FALSE(bit(leaf.edx, 26)); // IBRS: MSR_SPEC_CTRL is not the guest's
    EXPECT_FALSE(bit(leaf.edx, 20)); // CET
    EXPECT_TRUE(bit(leaf.ebx, 0));   // FSGSBASE
    EXPECT_EQ(leaf.eax, 1u);
}

TEST(Cpuid, ExtendedStateSizes) {
    CpuidLeaf leaf = guest_cpuid(full_view(), 0xd, 0);
    EXPECT_EQ(leaf.eax, 0xe7u);
    EXPECT_EQ(leaf.ebx, 832u);                               // x87, SSE, AVX
    EXPECT_EQ(leaf.ecx, 2688u);                              // all
    EXPECT_EQ(guest_cpuid(full_view(), 0xd, 1).eax & 8, 0u); // no XSAVES
    EXPECT_EQ(guest_cpuid(full_view(), 0xd, 9).eax, 0u);     // no PKRU
}

TEST(Cpuid, LeavesThatDoNotExistAreZero) {
    for (uint32_t leaf : {5u, 6u, 9u, 0xau, 0xbu, 0xeu, 0x14u, 0x1fu, 0x8000000au, 0x8000001du, 0x8000001eu,
                          0x80000022u, 0x40000006u, 0x4fffffffu, 0xc0000000u}) {
        CpuidLeaf zero = guest_cpuid(full_view(), leaf, 0);
        EXPECT_EQ(zero.eax | zero.ebx | zero.ecx | zero.edx, 0u) << std::hex << leaf;
    }
    EXPECT_EQ(guest_cpuid(full_view(), 0, 0).eax, 0xdu);
}

TEST(Cpuid, AmdRepeatsLeaf1) {
    machine_is_amd = true;
    CpuidLeaf leaf = guest_cpuid(full_view(), 0x80000001, 0);
    EXPECT_TRUE(bit(leaf.edx, 0));
    EXPECT_TRUE(bit(leaf.edx, 29));  // long mode
    EXPECT_FALSE(bit(leaf.edx, 26)); // 1 GiB pages
    EXPECT_FALSE(bit(leaf.edx, 13)); // PGE
    EXPECT_FALSE(bit(leaf.ecx, 2));  // SVM
    machine_is_amd = false;
    EXPECT_FALSE(bit(guest_cpuid(full_view(), 0x80000001, 0).edx, 0));
}

TEST(Cpuid, XenLeaves) {
    CpuidLeaf signature = guest_cpuid(full_view(), 0x40000000, 0);
    char text[13] = {};
    memcpy(text, &signature.ebx, 4);
    memcpy(text + 4, &signature.ecx, 4);
    memcpy(text + 8, &signature.edx, 4);
    EXPECT_STREQ(text, "XenVMMXenVMM");
    EXPECT_EQ(signature.eax, 0x40000005u);
    EXPECT_EQ(guest_cpuid(full_view(), 0x40000001, 0).eax, 0x40011u);
    EXPECT_EQ(guest_cpuid(full_view(), 0x40000002, 0).ecx, 1u);
    CpuidLeaf time = guest_cpuid(full_view(), 0x40000003, 0);
    EXPECT_EQ(time.ecx, 1000000u);
    EXPECT_EQ(guest_cpuid(full_view(), 0x40000003, 1).edx, static_cast<uint32_t>(-1));
    EXPECT_EQ(guest_cpuid(full_view(), 0x40000005, 0).ebx, 46u);
}

TEST(Cpuid, AddressesAreThoseOfFourLevels) {
    machine_is_amd = false;
    EXPECT_EQ(guest_cpuid(full_view(), 0x80000008, 0).eax, 0x30ffu); // whatever the machine says in the second byte
    // The number of cores and the width of their numbers in the APIC's; nothing of performance counters.
    EXPECT_EQ(guest_cpuid(full_view(), 0x80000008, 0).ecx, 0xf0ffu);
}

TEST(Cpuid, SysenterIsNotOfAmd) {
    machine_is_amd = false;
    EXPECT_TRUE(bit(guest_cpuid(full_view(), 1, 0).edx, 11));
    machine_is_amd = true;
    EXPECT_FALSE(bit(guest_cpuid(full_view(), 1, 0).edx, 11));
}
