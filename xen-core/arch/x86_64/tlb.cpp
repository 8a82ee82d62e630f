// SPDX-License-Identifier: MIT
#include "arch/x86_64/tlb.h"

#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/instructions.h"
#include "base/lock.h"

namespace skerry {

namespace {

// What a mailbox asks for: a page-aligned address, or one of these. Values grow with what they include, and two
// different pages merge to everything.
constexpr uint64_t nothing = 1;
constexpr uint64_t all_but_global = 2;
constexpr uint64_t everything = 3;
constexpr uint64_t caches = 4; // everything, and write the caches back

constexpr bool is_page(uint64_t request) { return request % page_size == 0; }

constexpr uint64_t merge(uint64_t a, uint64_t b) {
    if (a == b || b == nothing) return a;
    if (a == nothing) return b;
    if (is_page(a)) a = everything; // the page may be one of xen-core's own, which are global
    if (is_page(b)) b = everything;
    return a > b ? a : b;
}

struct alignas(64) Mailbox {
    std::atomic<uint64_t> request{nothing};
    std::atomic<uint64_t> posted{0}; // tickets given out
    std::atomic<uint64_t> served{0}; // the greatest ticket that is done
};

constinit Mailbox mailboxes[max_cpus];

void perform(uint64_t request) {
    if (is_page(request))
        invlpg_local(GuestVirt(request));
    else if (request == all_but_global)
        flush_tlb_local();
    else if (request == everything || request == caches) {
        uint64_t value = read_cr4();
        write_cr4(value & ~cr4::page_global);
        write_cr4(value);
    }
    if (request == caches) write_back_caches();
}

[[gnu::cold]] void flush_on(const CpuSet& cpus, uint64_t request) {
    CpuSet others = cpus & online_cpus;
    if (others.contains(this_cpu())) {
        perform(request);
        others.remove(this_cpu());
    }
    static_assert(sizeof(uint64_t) * max_cpus <= page_size, "the tickets are kept on the stack");
    uint64_t tickets[max_cpus];
    others.for_each([&](CpuId cpu) {
        Mailbox& mailbox = mailboxes[cpu.value];
        uint64_t old = mailbox.request.load(std::memory_order_relaxed);
        while (!mailbox.request.compare_exchange_weak(old, merge(old, request))) {}
        tickets[cpu.value] =
            mailbox.posted.fetch_add(1) + 1; // after merging: who serves the ticket has seen the request
        raise_work(cpu, PendingWork::tlb_flush);
    });
    others.for_each([&](CpuId cpu) {
        while (mailboxes[cpu.value].served.load(std::memory_order_acquire) < tickets[cpu.value]) spin_wait_hook();
    });
}

} // namespace

void distrust_translations() {
    for (uint64_t& tag : cpu_local().cr3_tags) tag &= ~cr3_no_flush;
}

void flush_tlb_local() {
    distrust_translations();
    write_cr3(read_cr3());
}

void invlpg_local(GuestVirt virt) {
    distrust_translations();
    asm volatile("invlpg %0" ::"m"(*reinterpret_cast<const char*>(virt.value)) : "memory");
}

void flush_tlb(const CpuSet& cpus) {
    if (cpus.is_only(this_cpu()))
        flush_tlb_local();
    else
        flush_on(cpus, all_but_global);
}

void flush_page(const CpuSet& cpus, GuestVirt virt) {
    if (cpus.is_only(this_cpu()))
        invlpg_local(virt);
    else
        flush_on(cpus, virt.value & ~(page_size - 1));
}

void flush_caches(const CpuSet& cpus) { flush_on(cpus, caches); }

void serve_flush_requests() {
    Mailbox& mailbox = mailboxes[this_cpu().value];
    uint64_t ticket = mailbox.posted.load(std::memory_order_acquire);
    if (mailbox.served.load(std::memory_order_relaxed) == ticket) return;
    perform(mailbox.request.exchange(nothing));
    mailbox.served.store(ticket, std::memory_order_release);
}

void spin_wait_hook() {
    pause();
    serve_flush_requests();
}

} // namespace skerry
