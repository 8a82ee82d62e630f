// SPDX-License-Identifier: MIT
#include "traps/cpuid_policy.h"

#include <algorithm>

#define XEN_CPUFEATURE(name, value) X_##name = value,
namespace feature {
enum {
#include <xen/arch-x86/cpufeatureset.h>
};
} // namespace feature
#undef XEN_CPUFEATURE
#include <xen/arch-x86/cpuid.h>

namespace skerry {
namespace {

using namespace feature;
constexpr uint32_t highest_basic = 0xd, highest_feature_subleaf = 1, highest_extended = 0x80000021;
constexpr uint32_t interface_version = 4 << 16 | 17, linear_address_bits = 48; // by page tables of four levels

// --- features ------------------------------------------------------------------------------------------------------

// The registers that cpufeatureset.h numbers by 32 bits each, in its order.
constexpr unsigned leaf_1_edx = 0, leaf_1_ecx = 1, extended_1_edx = 2, extended_1_ecx = 3, leaf_d_1_eax = 4,
                   leaf_7_ebx = 5, leaf_7_ecx = 6, extended_7_edx = 7, extended_8_ebx = 8, leaf_7_edx = 9,
                   leaf_7_1_eax = 10, extended_21_eax = 11, word_count = 12;

struct FeatureSet {
    uint32_t words[word_count]{};

    void add(const FeatureSet& others) {
        for (unsigned i = 0; i < word_count; ++i) words[i] |= others.words[i];
    }
};
template <typename... Numbers> constexpr FeatureSet set_of(Numbers... numbers) {
    FeatureSet set;
    ((set.words[numbers / 32] |= 1u << numbers % 32), ...);
    return set;
}
constexpr uint32_t bit(unsigned number) { return 1u << number % 32; }

constexpr FeatureSet plain = set_of(
    X_FPU, X_DE, X_TSC, X_MSR, X_PAE, X_MCE, X_CX8, X_APIC, X_MCA, X_CMOV, X_PAT, X_CLFLUSH, X_ACPI, X_MMX, X_FXSR,
    X_SSE, X_SSE2, X_SS, X_HTT, X_SSE3, X_PCLMULQDQ, X_SSSE3, X_CX16, X_SSE4_1, X_SSE4_2, X_MOVBE, X_POPCNT, X_AESNI,
    X_RDRAND, X_BMI1, X_HLE, X_BMI2, X_ERMS, X_RTM, X_RDSEED, X_ADX, X_CLFLUSHOPT, X_CLWB, X_SHA, X_PREFETCHWT1, X_GFNI,
    X_RDPID, X_CLDEMOTE, X_MOVDIRI, X_MOVDIR64B, X_FSRM, X_MD_CLEAR, X_SERIALIZE, X_TSXLDTRK, X_FZRM, X_FSRS, X_FSRCS,
    X_XSAVEOPT, X_XSAVEC, X_XGETBV1, X_SYSCALL, X_NX, X_MMXEXT, X_FFXSR, X_LM, X_3DNOWEXT, X_3DNOW, X_LAHF_LM,
    X_CMP_LEGACY, X_ABM, X_SSE4A, X_MISALIGNSSE, X_3DNOWPREFETCH, X_TBM, X_DBEXT, X_ITSC, X_CLZERO, X_RSTR_FP_ERR_PTRS,
    X_SSB_NO, X_BTC_NO, X_LFENCE_DISPATCH, X_VERW_CLEAR, X_NSCB, X_SRSO_NO, X_SRSO_US_NO);
// What needs more than the machine's word: register state that is enabled, or what xen-core has to enable.
constexpr FeatureSet with_avx = set_of(X_AVX, X_FMA, X_F16C, X_AVX2, X_VAES, X_VPCLMULQDQ, X_AVX_VNNI, X_XOP, X_FMA4);
constexpr FeatureSet with_avx512 =
    set_of(X_AVX512F, X_AVX512DQ, X_AVX512_IFMA, X_AVX512PF, X_AVX512ER, X_AVX512CD, X_AVX512BW, X_AVX512VL,
           X_AVX512_VBMI, X_AVX512_VBMI2, X_AVX512_VNNI, X_AVX512_BITALG, X_AVX512_VPOPCNTDQ, X_AVX512_4VNNIW,
           X_AVX512_4FMAPS, X_AVX512_VP2INTERSECT, X_AVX512_BF16);

bool is_amd(const CpuidView& view) {
    uint32_t vendor = view.machine(0, 0).ecx;
    return vendor == 0x444d4163 || vendor == 0x656e6975; // "cAMD", "uine" (Hygon)
}

FeatureSet visible_features(const CpuidView& view) {
    constexpr uint64_t avx = 4, avx512 = 0xe0;
    FeatureSet visible = plain;
    if (view.machine_xcr0) visible.add(set_of(X_XSAVE));
    if (view.machine_xcr0 & avx) visible.add(with_avx);
    if ((view.machine_xcr0 & avx512) == avx512) visible.add(with_avx512);
    if (view.fsgsbase) visible.add(set_of(X_FSGSBASE));
    if (view.rdtscp) visible.add(set_of(X_RDTSCP));
    if (!is_amd(view)) visible.add(set_of(X_SEP)); // AMD has no SYSENTER in long mode
    return visible;
}

// --- extended state ------------------------------------------------------------------------------------------------

// Bytes of a save area for these components: each at its place, or as XSAVEC writes them, side by side, those that ask
// for it on 64 bytes (Intel SDM volume 1, 13.4.3).
uint32_t save_area_size(const CpuidView& view, uint64_t components, bool compacted) {
    constexpr uint32_t legacy_and_header = 512 + 64;
    uint32_t size = legacy_and_header;
    for (uint32_t i = 2; i < 63; ++i) {
        if (!(components >> i & 1)) continue;
        CpuidLeaf component = view.machine(0xd, i);
        uint32_t next = component.ecx & 2 ? (size + 63) & ~63u : size;
        size = compacted ? next + component.eax : std::max(size, component.ebx + component.eax);
    }
    return size;
}

CpuidLeaf extended_state(const CpuidView& view, uint32_t subleaf, uint32_t features) {
    uint64_t machine = view.machine_xcr0;
    if (!machine || subleaf >= 63) return {};
    if (subleaf == 0)
        return {static_cast<uint32_t>(machine), save_area_size(view, view.guest_xcr0, false),
                save_area_size(view, machine, false), static_cast<uint32_t>(machine >> 32)};
    CpuidLeaf r = view.machine(0xd, subleaf);
    features &= r.eax;
    if (subleaf == 1)
        return {features, features & bit(X_XSAVEC) ? save_area_size(view, view.guest_xcr0, true) : 0, 0, 0};
    return machine >> subleaf & 1 ? CpuidLeaf{r.eax, r.ebx, r.ecx & ~1u, 0} : CpuidLeaf{};
}

// --- leaves --------------------------------------------------------------------------------------------------------

CpuidLeaf machine_leaf(const CpuidView& view, uint32_t leaf, uint32_t subleaf) {
    FeatureSet visible = visible_features(view);
    const auto& f = visible.words;
    CpuidLeaf r = view.machine(leaf, subleaf);
    switch (leaf) {
    case 0: return {std::min(r.eax, highest_basic), r.ebx, r.ecx, r.edx};
    case 1: {
        uint32_t osxsave = view.osxsave && view.machine_xcr0 ? bit(X_OSXSAVE) : 0;
        // PV vCPUs have no APIC number.
        return {r.eax, r.ebx & 0x00ffffff, (r.ecx & f[leaf_1_ecx]) | osxsave | bit(X_HYPERVISOR),
                r.edx & f[leaf_1_edx]};
    }
    case 2: return r;
    case 4: return {r.eax & 0x3fff, r.ebx, r.ecx, r.edx}; // caches, of which none is shared
    case 7:
        if (subleaf == 1) return {r.eax & f[leaf_7_1_eax], 0, 0, 0};
        if (subleaf > highest_feature_subleaf) return {};
        return {std::min(r.eax, highest_feature_subleaf), r.ebx & f[leaf_7_ebx], r.ecx & f[leaf_7_ecx],
                r.edx & f[leaf_7_edx]};
    case 0xd: return extended_state(view, subleaf, f[leaf_d_1_eax]);
    case 0x80000000: return {std::min(r.eax, highest_extended), r.ebx, r.ecx, r.edx};
    case 0x80000001: {
        constexpr uint32_t common_edx = 0x0183f3ff; // AMD repeats these bits of leaf 1
        uint32_t repeated = is_amd(view) ? view.machine(1, 0).edx & f[leaf_1_edx] & common_edx : 0;
        return {r.eax, r.ebx, r.ecx & f[extended_1_ecx], (r.edx & f[extended_1_edx]) | repeated};
    }
    case 0x80000002 ... 0x80000006: return r;
    case 0x80000007: return {0, 0, 0, r.edx & f[extended_7_edx]};
    // With the number of cores, by which kernels take APIC numbers apart.
    case 0x80000008: return {(r.eax & 0xff) | linear_address_bits << 8, r.ebx & f[extended_8_ebx], r.ecx & 0xf0ff, 0};
    case 0x80000019: return r;
    case 0x80000021: return {r.eax & f[extended_21_eax], 0, 0, 0};
    default: return {};
    }
}

CpuidLeaf time_leaf(const CpuidView& view, uint32_t subleaf) {
    constexpr uint32_t reliable = 1 << 1, has_rdtscp = 1 << 2, never_emulated = 2;
    switch (subleaf) {
    case 0: return {reliable | (view.rdtscp ? has_rdtscp : 0), never_emulated, view.tsc_khz, 0};
    case 1:
        return {static_cast<uint32_t>(view.tsc_offset), static_cast<uint32_t>(view.tsc_offset >> 32),
                view.tsc_multiplier, static_cast<uint32_t>(view.tsc_shift)};
    case 2: return {view.tsc_khz, 0, 0, 0};
    default: return {};
    }
}

CpuidLeaf xen_leaf(const CpuidView& view, uint32_t leaf, uint32_t subleaf) {
    switch (leaf - XEN_CPUID_FIRST_LEAF) {
    case 0:
        return {XEN_CPUID_FIRST_LEAF + XEN_CPUID_MAX_NUM_LEAVES, XEN_CPUID_SIGNATURE_EBX, XEN_CPUID_SIGNATURE_ECX,
                XEN_CPUID_SIGNATURE_EDX};
    case 1: return {interface_version, 0, 0, 0};
    case 2: return {1, XEN_CPUID_FIRST_LEAF, XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD, 0};
    case 3: return time_leaf(view, subleaf);
    case 5: return {0, subleaf == 0 ? view.address_bits : 0u, 0, 0};
    default: return {};
    }
}

} // namespace

CpuidLeaf guest_cpuid(const CpuidView& view, uint32_t leaf, uint32_t subleaf) {
    if (leaf - XEN_CPUID_FIRST_LEAF < 0x100) return xen_leaf(view, leaf, subleaf);
    bool is_extended = leaf >= 0x80000000;
    uint32_t highest =
        std::min(view.machine(is_extended ? 0x80000000 : 0, 0).eax, is_extended ? highest_extended : highest_basic);
    return leaf <= highest ? machine_leaf(view, leaf, subleaf) : CpuidLeaf{};
}

} // namespace skerry
