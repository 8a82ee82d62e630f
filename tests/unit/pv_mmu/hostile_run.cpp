// SPDX-License-Identifier: MIT
#include "hostile_run.h"

#include <sstream>
#include <xen/xen.h>

namespace skerry {

class AuthorityCheck {
  public:
    static ForeignAccess foreign(Account& account) { return ForeignAccess(account); }
};

// The frames that the account's own references or pins keep: up to `room` numbers. Returns how many.
static uint64_t list_frames(const Account& account, uint64_t* numbers, uint64_t room) {
    uint64_t found = 0;
    for (uint64_t number = 0; number <= max_mfn_value && found < room; ++number) {
        const Frame& listed = frame(Mfn(number));
        if (listed.owner() == &account && (listed.word().is_allocated() || listed.word().is_pinned()))
            numbers[found++] = number;
    }
    return found;
}

HostileRun::HostileRun(std::function<uint8_t()> next, std::function<bool()> finished)
    : next_(std::move(next)), finished_(std::move(finished)) {
    for (ModelDomain& d : domains_) {
        model_.add(d);
        d.account.set_max_frames(16);
        d.io_allowed.insert(machine_.io_frame().value);
    }
    model_.cpus.resize(2);
    for (int i = 0; i < 14; ++i)
        for (ModelDomain& d : domains_) allocate(d);
    // An address space for each: L1 maps itself read-only and other frames writable, so that the guest can write
    // something.
    for (unsigned n = 0; n < 2; ++n) {
        ModelDomain& d = domains_[n];
        uint64_t frames[14];
        list_frames(d.account, frames, 14);
        for (unsigned level = 1; level <= 4; ++level) home_[n][level - 1] = Mfn(frames[level - 1]);
        constexpr uint64_t table = pte::present | pte::writable | pte::user;
        for (unsigned level = 4; level > 1; --level)
            machine_.page(home_[n][level - 1])[0] = Pte(home_[n][level - 2], table).raw;
        static constexpr unsigned slots[] = {1, 2, 3, 255, 256, 271};
        for (unsigned i = 0; i < 6; ++i) machine_.page(home_[n][0])[slots[i]] = Pte(Mfn(frames[4 + i]), table).raw;
        machine_.page(home_[n][0])[0] = Pte(home_[n][0], pte::present | pte::user).raw;
        WorkBudget plenty(100000);
        Status taken = d.mmu.take_base(home_[n][3], plenty);
        ASSERT(taken.ok());
        d.bases.push_back(home_[n][3]);
        model_.load(n, d, home_[n][3]);
    }
}

HostileRun::~HostileRun() = default;

void HostileRun::count(const char* operation, bool ok) {
    last_ = operation;
    for (auto& [name, counts] : statistics_)
        if (name == operation) {
            ++(ok ? counts.first : counts.second);
            return;
        }
    statistics_.push_back({operation, {ok, !ok}});
}

std::string HostileRun::statistics() const {
    std::ostringstream text;
    for (auto& [name, counts] : statistics_)
        text << name << ": " << counts.first << " done, " << counts.second << " refused\n";
    return text.str();
}

// --- choosing ---

Mfn HostileRun::any_frame(ModelDomain& of) {
    uint64_t frames[32];
    switch (below(16)) {
    case 0: return Mfn(below(static_cast<unsigned>(machine_.frames())));
    case 1: return machine_.io_frame(below(2));
    default: {
        uint64_t count = list_frames(of.account, frames, 32);
        return count ? Mfn(frames[below(static_cast<unsigned>(count))]) : Mfn(1);
    }
    }
}

unsigned HostileRun::any_slot() {
    static constexpr unsigned slots[] = {0, 1, 2, 3, 255, 256, 271, 511};
    return slots[below(8)];
}

uint64_t HostileRun::any_entry(ModelDomain& of) {
    static constexpr uint64_t flags[] = {
        pte::present | pte::writable | pte::user,
        pte::present | pte::writable | pte::user,
        pte::present | pte::writable | pte::user,
        pte::present | pte::user,
        pte::present | pte::user,
        pte::present,
        pte::present | pte::writable | pte::global | pte::no_execute,
        0,
        pte::writable,
        pte::present | pte::writable | pte::user | pte::page_size_or_pat,
        pte::present | pte::cache_disable,
        pte::present | uint64_t{1} << 62,
    };
    uint64_t raw = Pte(any_frame(of), flags[below(12)]).raw;
    return below(64) ? raw : raw ^ (uint64_t{1} << below(64));
}

WorkBudget HostileRun::budget() { return WorkBudget(below(3) ? 100000 : static_cast<int32_t>(below(600)) - 8); }

EntryPlace HostileRun::any_place(ModelDomain& of) {
    if (below(2) && !of.bases.empty())
        return EntryPlace::linear(of.bases[below(static_cast<unsigned>(of.bases.size()))],
                                  GuestVirt(uint64_t{any_slot()} << page_shift));
    return EntryPlace::machine(MachAddr(address_of(any_frame(of)).value + 8 * any_slot()));
}

// --- operations ---

void HostileRun::step() {
    ModelDomain& d = domain();
    switch (below(21)) {
    case 0: return allocate(d);
    case 1: return release(d);
    case 2:
    case 3:
    case 4: return pin_or_unpin(d);
    case 5: return change_base(d);
    case 6:
    case 7:
    case 8:
    case 9: return mmu_update(d);
    case 10: return va_update(d);
    case 11: return trapped_write(d);
    case 12: return descriptor_page(d);
    case 13:
    case 14: return guest_write();
    case 15:
    case 16: return build_table(d);
    case 17: return borrow(d);
    case 18: return grants_.empty() ? void() : give_back(below(static_cast<unsigned>(grants_.size())));
    case 19: return mend(d);
    default: return guest_flush(d);
    }
}

void HostileRun::allocate(ModelDomain& d) { count("allocate", allocator.allocate(d.account, below(4) == 0).ok()); }

void HostileRun::release(ModelDomain& d) {
    if (d.account.frames() < 8) return;
    WorkBudget b = budget();
    count("release", d.mmu.release_frame(any_frame(d), b).ok());
}

void HostileRun::pin_or_unpin(ModelDomain& d) {
    WorkBudget b = budget();
    if (below(2))
        count("pin", d.mmu.pin(any_frame(d), 1 + below(4), b).ok());
    else
        count("unpin", d.mmu.unpin(any_frame(d), b).ok());
}

// As the hypercall layer does: take, load, release; a domain keeps at least one base.
void HostileRun::change_base(ModelDomain& d) {
    WorkBudget b = budget();
    Mfn mfn = any_frame(d);
    Status taken = d.mmu.take_base(mfn, b);
    count("take_base", taken.ok());
    if (!taken.ok()) return;
    d.bases.push_back(mfn);
    if (below(2)) model_.load(below(2), d, mfn);
    if (d.bases.size() < 2) return;
    size_t index = 1 + below(static_cast<unsigned>(d.bases.size() - 1)); // the first address space stays
    Mfn old = d.bases[index];
    for (unsigned cpu = 0; cpu < 2; ++cpu)
        if (model_.cpus[cpu].domain == &d && model_.cpus[cpu].base == old) model_.load(cpu, d, d.bases[0]);
    d.bases.erase(d.bases.begin() + static_cast<long>(index));
    if (below(4) == 0) { // as a call that restarts
        d.mmu.suspend_base(old);
        return count("suspend_base", true);
    }
    WorkBudget release_budget = budget();
    d.mmu.release_base(old, release_budget);
    count("release_base", true);
}

void HostileRun::mmu_update(ModelDomain& d) {
    ForeignAccess access = AuthorityCheck::foreign(domains_[&d == &domains_[0]].account);
    for (unsigned left = 1 + below(4); left--;) {
        WorkBudget b = budget();
        bool foreign = below(8) == 0;
        uint64_t value = any_entry(foreign ? domains_[&d == &domains_[0]] : d);
        uint64_t pointer = address_of(any_frame(d)).value + 8 * any_slot() + (below(4) ? 0 : below(5));
        count(foreign ? "mmu_update foreign" : "mmu_update",
              one_update(d.mmu, pointer, value, foreign ? &access : nullptr, b).ok());
    }
}

// Puts back what other updates have torn out of the first address space.
void HostileRun::mend(ModelDomain& d) {
    const Mfn* home = home_[&d == &domains_[1]];
    for (unsigned level = 4; level >= 1; --level) {
        WorkBudget plenty(100000);
        uint64_t value = level > 1 ? Pte(home[level - 2], pte::present | pte::writable | pte::user).raw
                                   : Pte(home[0], pte::present | pte::user).raw;
        (void)one_update(d.mmu, address_of(home[level - 1]).value, value, nullptr, plenty);
    }
    for (unsigned slot : {1, 2, 3}) {
        WorkBudget plenty(100000);
        (void)one_update(d.mmu, address_of(home[0]).value + 8 * slot,
                         Pte(any_frame(d), pte::present | pte::writable | pte::user).raw, nullptr, plenty);
    }
}

void HostileRun::va_update(ModelDomain& d) {
    if (d.bases.empty()) return;
    WorkBudget b = budget();
    GuestVirt virt(uint64_t{below(16)} << page_shift);
    for (unsigned level = below(4); level > 1; --level) virt = virt + (uint64_t{any_slot()} << level_shift(level));
    count("update_va", d.mmu.update_va_mapping(d.bases[0], virt, Pte(any_entry(d)), nullptr, b).ok());
}

void HostileRun::trapped_write(ModelDomain& d) {
    if (d.bases.empty()) return;
    WorkBudget b = budget();
    PtWrite write{GuestVirt(uint64_t{below(2) ? 0 : any_slot()} << page_shift | 8 * any_slot()), 1u << below(4),
                  any_entry(d), any_entry(d), below(2) == 0};
    if (write.bytes < 8) write.address = write.address + write.bytes * below(8 / write.bytes);
    count("trapped write", d.mmu.emulate_pt_write(d.bases[0], write, b).ok());
}

void HostileRun::descriptor_page(ModelDomain& d) {
    WorkBudget b = budget();
    auto& pages = below(2) ? d.descriptor_pages : d.ldt_pages;
    switch (below(3)) {
    case 0: {
        Mfn mfn = any_frame(d);
        bool taken = d.mmu.take_descriptor_page(mfn, b).ok();
        count("descriptor page", taken);
        if (taken) pages.push_back(mfn);
        return;
    }
    case 1:
        if (!pages.empty()) {
            d.mmu.release_descriptor_page(pages.back());
            pages.pop_back();
        }
        return;
    default: {
        uint64_t value = uint64_t{byte()} << 40 | byte();
        count("update_descriptor",
              d.mmu.update_descriptor(MachAddr(address_of(any_frame(d)).value + 8 * any_slot()), value, b).ok());
    }
    }
}

// Through any translation that a CPU may still have: the attack itself.
void HostileRun::guest_write() {
    model_.walk_all();
    ReferenceModel::Cpu& cpu = model_.cpus[below(2)];
    std::vector<Mfn> writable;
    for (auto [is_writable, mfn] : cpu.translations)
        if (is_writable && mfn < machine_.frames()) writable.push_back(Mfn(mfn));
    if (writable.empty()) return;
    machine_.page(writable[below(static_cast<unsigned>(writable.size()))])[any_slot()] = any_entry(*cpu.domain);
    count("guest write", true);
}

// Something that has a chance to be a table: entries that lead to tables of the level below, or to data.
void HostileRun::build_table(ModelDomain& d) {
    Mfn mfn = any_frame(d);
    if (mfn.value >= machine_.frames() || !d.mmu.clear_frame(mfn).ok()) return;
    unsigned level = 1 + below(4);
    uint64_t frames[32];
    uint64_t found = list_frames(d.account, frames, 32);
    for (unsigned tries = found ? 6 : 0; tries--;) {
        Mfn named(frames[below(static_cast<unsigned>(found))]);
        FrameType type = frame(named).word().type();
        uint64_t flags = pte::present | (byte() & 1 ? pte::user : 0);
        bool is_linear = level > 1 && byte() % 8 == 0;
        if (is_linear && byte() % 2) named = mfn;
        if (level == 1 || is_linear || type == table_type(level - 1) || !frame(named).word().uses()) {
            flags |= (level > 1 && (!is_linear || byte() % 8 == 0)) || (type == FrameType::writable && byte() % 2)
                         ? pte::writable
                         : 0;
            machine_.page(mfn)[any_slot()] = Pte(named, flags).raw;
        }
    }
    WorkBudget b = budget();
    count("pin of a built table", d.mmu.pin(mfn, level, b).ok());
}

void HostileRun::borrow(ModelDomain& d) {
    ModelDomain& lender = domain();
    Grant grant{&lender, &d, any_frame(lender), below(2) == 0, any_place(d)};
    WorkBudget b = budget();
    bool mapped = false;
    if (grant.writable) {
        Result<WritableRef> held = take_writable(grant.mfn, lender.account);
        mapped = held.ok() && d.mmu.map_frame(grant.place, held.value(), pte::user, b).ok();
        if (mapped) held.value().release();
    } else {
        Result<FrameRef> held = take_reference(grant.mfn, lender.account);
        mapped = held.ok() && d.mmu.map_frame(grant.place, held.value(), pte::user, b).ok();
        if (mapped) held.value().release();
    }
    count("grant map", mapped);
    if (!mapped) return;
    ++(grant.writable ? model_.held_writable : model_.held_references)[grant.mfn.value];
    grants_.push_back(grant);
}

void HostileRun::give_back(size_t index) {
    Grant grant = grants_[index];
    if (grant.place.is_linear)
        grant.place.root = grant.borrower->bases[0]; // the address space of the moment, as the caller's vCPU has one
    FlushDebt debt;
    WorkBudget b = budget();
    Status done = below(4) ? grant.borrower->mmu.unmap_frame(grant.place, grant.mfn, grant.writable, debt, b)
                           : grant.borrower->mmu.unmap_and_replace(grant.place, grant.mfn, grant.writable,
                                                                   any_place(*grant.borrower), debt, b);
    count("grant unmap", done.ok());
    debt.pay();
    if (!done.ok() && below(4)) return; // the mapping stays on the books
    grants_.erase(grants_.begin() + static_cast<long>(index));
    auto& held = grant.writable ? model_.held_writable : model_.held_references;
    if (!--held[grant.mfn.value]) held.erase(grant.mfn.value);
    if (grant.writable)
        frame(grant.mfn).drop_writable_use();
    else
        frame(grant.mfn).drop_reference();
}

void HostileRun::guest_flush(ModelDomain& d) { d.account.users.flush(); }

// --- the run ---

std::string HostileRun::run(unsigned check_every) {
    for (unsigned steps = 1; !finished_(); ++steps) {
        step();
        if (steps % check_every) continue;
        if (std::string wrong = model_.check(); !wrong.empty())
            return "after step " + std::to_string(steps) + ", " + last_ + ":\n" + wrong;
    }
    if (std::string wrong = model_.check(); !wrong.empty()) return "after the last step:\n" + wrong;
    return tear_down();
}

std::string HostileRun::tear_down() {
    while (!grants_.empty()) give_back(0);
    for (unsigned i = 0; i < 2; ++i) {
        ModelDomain& d = domains_[i];
        d.account.start_dying();
        for (auto& cpu : model_.cpus)
            if (cpu.domain == &d) {
                d.account.users.leave(CpuId(static_cast<uint32_t>(&cpu - model_.cpus.data())));
                cpu = {};
            }
        WorkBudget plenty(100000);
        for (Mfn page : d.descriptor_pages) d.mmu.release_descriptor_page(page);
        for (Mfn page : d.ldt_pages) d.mmu.release_descriptor_page(page);
        d.descriptor_pages.clear();
        d.ldt_pages.clear();
        while (!d.bases.empty()) {
            d.mmu.release_base(d.bases.back(), plenty);
            d.bases.pop_back();
        }
    }
    for (ModelDomain& d : domains_)
        for (;;) {
            WorkBudget small(400);
            Status done = d.mmu.relinquish(small);
            if (done.ok()) break;
            if (done.error() != Error::restart) return "relinquish failed";
        }
    if (std::string wrong = model_.check(); !wrong.empty()) return "after tear-down:\n" + wrong;
    for (ModelDomain& d : domains_)
        if (!d.account.is_settled()) return "frames are left over after tear-down";
    return "";
}

} // namespace skerry
