// SPDX-License-Identifier: MIT
#include "traps/cpuid_policy.h"

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

constexpr uint32_t highest_basic = 0xd, highest_feature_subleaf = 1, highest_extended = 0x80000021;
constexpr uint32_t interface_version = 4 << 16 | 17;

template <typename... Numbers> constexpr uint32_t bits(Numbers... numbers) { return ((1u << (numbers % 32)) | ...); }

using namespace feature;
// clang-format off
constexpr uint32_t leaf_1_edx = bits(X_FPU, X_DE, X_TSC, X_MSR, X_PAE, X_MCE, X_CX8, X_APIC, X_SEP, X_MCA, X_CMOV, X_PAT, X_CLFLUSH, X_ACPI, X_MMX, X_FXSR, X_SSE,
                                     X_SSE2, X_SS, X_HTT);
constexpr uint32_t leaf_1_ecx = bits(X_SSE3, X_PCLMULQDQ, X_SSSE3, X_FMA, X_CX16, X_SSE4_1, X_SSE4_2, X_MOVBE, X_POPCNT, X_AESNI, X_XSAVE, X_AVX, X_F16C,
                                     X_RDRAND);
constexpr uint32_t leaf_7_ebx = bits(X_FSGSBASE, X_BMI1, X_HLE, X_AVX2, X_BMI2, X_ERMS, X_RTM, X_AVX512F, X_AVX512DQ, X_RDSEED, X_ADX, X_AVX512_IFMA,
                                     X_CLFLUSHOPT, X_CLWB, X_AVX512PF, X_AVX512ER, X_AVX512CD, X_SHA, X_AVX512BW, X_AVX512VL);
constexpr uint32_t leaf_7_ecx = bits(X_PREFETCHWT1, X_AVX512_VBMI, X_AVX512_VBMI2, X_GFNI, X_VAES, X_VPCLMULQDQ, X_AVX512_VNNI, X_AVX512_BITALG,
                                     X_AVX512_VPOPCNTDQ, X_RDPID, X_CLDEMOTE, X_MOVDIRI, X_MOVDIR64B);
constexpr uint32_t leaf_7_edx = bits(X_AVX512_4VNNIW, X_AVX512_4FMAPS, X_FSRM, X_AVX512_VP2INTERSECT, X_MD_CLEAR, X_SERIALIZE, X_TSXLDTRK);
constexpr uint32_t leaf_7_1_eax = bits(X_AVX_VNNI, X_AVX512_BF16, X_FZRM, X_FSRS, X_FSRCS);
constexpr uint32_t leaf_d_1_eax = bits(X_XSAVEOPT, X_XSAVEC, X_XGETBV1);
constexpr uint32_t extended_1_edx = bits(X_SYSCALL, X_NX, X_MMXEXT, X_FFXSR, X_RDTSCP, X_LM, X_3DNOWEXT, X_3DNOW);
constexpr uint32_t extended_1_ecx = bits(X_LAHF_LM, X_CMP_LEGACY, X_ABM, X_SSE4A, X_MISALIGNSSE, X_3DNOWPREFETCH, X_XOP, X_FMA4, X_TBM,
                                         X_DBEXT);
constexpr uint32_t extended_7_edx = bits(X_ITSC);
constexpr uint32_t extended_8_ebx = bits(X_CLZERO, X_RSTR_FP_ERR_PTRS, X_SSB_NO, X_BTC_NO);
constexpr uint32_t extended_21_eax = bits(X_LFENCE_DISPATCH, X_VERW_CLEAR, X_NSCB, X_SRSO_NO, X_SRSO_US_NO);
// clang-format on
// AMD repeats these bits of leaf 1 in 0x80000001.
constexpr uint32_t common_edx = 0x0183f3ff;
constexpr uint32_t avx512 =
    bits(X_AVX512F, X_AVX512DQ, X_AVX512_IFMA, X_AVX512PF, X_AVX512ER, X_AVX512CD, X_AVX512BW, X_AVX512VL);

bool has_avx(const CpuidView& view) { return view.machine_xcr0 & 4; }
bool has_avx512(const CpuidView& view) { return (view.machine_xcr0 & 0xe0) == 0xe0; }

bool is_amd(const CpuidView& view) {
    CpuidLeaf vendor = view.machine(0, 0);
    return vendor.ecx == 0x444d4163 || vendor.ecx == 0x656e6975; // "cAMD", "uine" (Hygon)
}

CpuidLeaf features_1(const CpuidView& view) {
    CpuidLeaf r = view.machine(1, 0);
    r.ebx &= 0x00ffffff; // PV vCPUs have no APIC number
    r.ecx &= leaf_1_ecx;
    r.edx &= leaf_1_edx;
    if (!view.machine_xcr0) r.ecx &= ~bits(X_XSAVE);
    if (!has_avx(view)) r.ecx &= ~bits(X_AVX, X_FMA, X_F16C);
    if (view.osxsave && view.machine_xcr0) r.ecx |= bits(X_OSXSAVE);
    r.ecx |= bits(X_HYPERVISOR);
    return r;
}

CpuidLeaf features_7(const CpuidView& view, uint32_t subleaf) {
    if (subleaf > highest_feature_subleaf) return {};
    CpuidLeaf r = view.machine(7, subleaf);
    if (subleaf == 1) return {r.eax & (has_avx512(view) ? leaf_7_1_eax : leaf_7_1_eax & ~bits(X_AVX512_BF16)), 0, 0, 0};
    r.eax = r.eax < highest_feature_subleaf ? r.eax : highest_feature_subleaf;
    r.ebx &= leaf_7_ebx;
    r.ecx &= leaf_7_ecx;
    r.edx &= leaf_7_edx;
    if (!view.fsgsbase) r.ebx &= ~bits(X_FSGSBASE);
    if (!has_avx(view)) {
        r.ebx &= ~bits(X_AVX2);
        r.ecx &= ~bits(X_VAES, X_VPCLMULQDQ);
    }
    if (!has_avx512(view)) {
        r.ebx &= ~avx512;
        r.ecx &= ~bits(X_AVX512_VBMI, X_AVX512_VBMI2, X_AVX512_VNNI, X_AVX512_BITALG, X_AVX512_VPOPCNTDQ);
        r.edx &= ~bits(X_AVX512_4VNNIW, X_AVX512_4FMAPS, X_AVX512_VP2INTERSECT);
    }
    return r;
}

// What XSAVEC writes: the components side by side, those that ask for it on 64 bytes (Intel SDM volume 1, 13.4.3).
uint32_t compacted_area_size(const CpuidView& view, uint64_t components) {
    uint32_t size = 512 + 64;
    for (uint32_t i = 2; i < 63; ++i) {
        if (!(components >> i & 1)) continue;
        CpuidLeaf component = view.machine(0xd, i);
        if (component.ecx & 2) size = (size + 63) & ~63u;
        size += component.eax;
    }
    return size;
}

CpuidLeaf extended_state(const CpuidView& view, uint32_t subleaf) {
    if (!view.machine_xcr0) return {};
    if (subleaf == 0)
        return {static_cast<uint32_t>(view.machine_xcr0), save_area_size(view, view.guest_xcr0),
                save_area_size(view, view.machine_xcr0), static_cast<uint32_t>(view.machine_xcr0 >> 32)};
    CpuidLeaf r = view.machine(0xd, subleaf);
    if (subleaf == 1) {
        uint32_t features = r.eax & leaf_d_1_eax;
        return {features, features & bits(X_XSAVEC) ? compacted_area_size(view, view.guest_xcr0) : 0, 0, 0};
    }
    if (subleaf < 63 && (view.machine_xcr0 >> subleaf & 1)) return {r.eax, r.ebx, r.ecx & ~1u, 0};
    return {};
}

CpuidLeaf basic_leaf(const CpuidView& view, uint32_t leaf, uint32_t subleaf) {
    switch (leaf) {
    case 0x0: {
        CpuidLeaf r = view.machine(0, 0);
        r.eax = r.eax < highest_basic ? r.eax : highest_basic;
        return r;
    }
    case 0x1: return features_1(view);
    case 0x2: return view.machine(leaf, subleaf);
    case 0x4: {
        // Caches, of which none is shared.
        CpuidLeaf r = view.machine(leaf, subleaf);
        r.eax &= 0x3fff;
        return r;
    }
    case 0x7: return features_7(view, subleaf);
    case 0xd: return extended_state(view, subleaf);
    default: return {};
    }
}

CpuidLeaf extended_leaf(const CpuidView& view, uint32_t leaf) {
    uint32_t highest = view.machine(0x80000000, 0).eax;
    if (leaf > highest || leaf > highest_extended) return {};
    CpuidLeaf r = view.machine(leaf, 0);
    switch (leaf) {
    case 0x80000000: r.eax = highest < highest_extended ? highest : highest_extended; return r;
    case 0x80000001:
        r.ecx &= extended_1_ecx;
        r.edx &= extended_1_edx;
        if (!view.rdtscp) r.edx &= ~bits(X_RDTSCP);
        if (!has_avx(view)) r.ecx &= ~bits(X_XOP, X_FMA4);
        if (is_amd(view)) r.edx |= features_1(view).edx & common_edx;
        return r;
    case 0x80000002:
    case 0x80000003:
    case 0x80000004:
    case 0x80000005:
    case 0x80000006: return r;
    case 0x80000007: return {0, 0, 0, r.edx & extended_7_edx};
    case 0x80000008: return {r.eax, r.ebx & extended_8_ebx, 0, 0};
    case 0x80000019: return r;
    case 0x80000021: return {r.eax & extended_21_eax, 0, 0, 0};
    default: return {};
    }
}

CpuidLeaf time_leaf(const CpuidView& view, uint32_t subleaf) {
    constexpr uint32_t reliable = 1 << 1, has_rdtscp = 1 << 2;
    switch (subleaf) {
    case 0: return {reliable | (view.rdtscp ? has_rdtscp : 0), 2 /* never emulated */, view.tsc_khz, 0};
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
    case 5: return subleaf == 0 ? CpuidLeaf{0, view.address_bits, 0, 0} : CpuidLeaf{};
    default: return {};
    }
}

} // namespace

uint32_t save_area_size(const CpuidView& view, uint64_t components) {
    constexpr uint32_t legacy_and_header = 512 + 64;
    uint32_t size = legacy_and_header;
    for (uint32_t i = 2; i < 63; ++i) {
        if (!(components >> i & 1)) continue;
        CpuidLeaf component = view.machine(0xd, i);
        if (component.ebx + component.eax > size) size = component.ebx + component.eax;
    }
    return size;
}

CpuidLeaf guest_cpuid(const CpuidView& view, uint32_t leaf, uint32_t subleaf) {
    if (leaf <= highest_basic) return leaf <= view.machine(0, 0).eax ? basic_leaf(view, leaf, subleaf) : CpuidLeaf{};
    if (leaf - XEN_CPUID_FIRST_LEAF < 0x100) return xen_leaf(view, leaf, subleaf);
    if (leaf >= 0x80000000 && leaf <= highest_extended) return extended_leaf(view, leaf);
    return {};
}

} // namespace skerry
