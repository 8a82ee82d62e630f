// SPDX-License-Identifier: MIT
#include "reference_model.h"

#include "arch/x86_64/page_table_entry.h"

#include <cstring>
#include <sstream>

namespace skerry {

ReferenceModel::ReferenceModel() {
    HostMachine::get().on_flush = [this](const CpuSet& set) { flushed(set); };
}
Status one_update(PvMmu& mmu, uint64_t pointer, uint64_t value, const ForeignAccess* foreign, WorkBudget& budget) {
    const mmu_update_t request{pointer, value};
    host_guest_memory.bytes.resize(sizeof(request));
    memcpy(host_guest_memory.bytes.data(), &request, sizeof(request));
    uint32_t carried_out = 0;
    return mmu.update_all(GuestHandle<mmu_update_t>(host_guest_memory.base), 1, foreign, budget, carried_out);
}

ReferenceModel::~ReferenceModel() { HostMachine::get().on_flush = nullptr; }

void ReferenceModel::load(unsigned cpu, ModelDomain& domain, Mfn base) {
    domain.account.users.enter(CpuId(cpu));
    ModelDomain* left = cpus[cpu].domain;
    cpus[cpu] = Cpu{&domain, base, {}, {}};
    if (left && left != &domain) left->account.users.leave(CpuId(cpu));
    walk(cpus[cpu]);
}

void ReferenceModel::flushed(const CpuSet& set) {
    for (unsigned i = 0; i < cpus.size(); ++i)
        if (set.contains(CpuId(i))) {
            cpus[i].tables.clear();
            cpus[i].translations.clear();
        }
    walk_all(); // the others, and the flushed ones anew: from now on they cache again
}

void ReferenceModel::walk_all() {
    for (Cpu& cpu : cpus)
        if (cpu.domain) walk(cpu);
}

// From the base and from every table in the cache, everything reachable.
void ReferenceModel::walk(Cpu& cpu) {
    cpu.tables.emplace(4, true, cpu.base.value);
    for (unsigned level = 4; level >= 1; --level)
        for (auto [table_level, may_write, table] : std::set(cpu.tables)) {
            if (table_level != level) continue;
            const bool has_core_slots = frame(Mfn(table)).word().type() == FrameType::l4;
            uint64_t* entries = HostMachine::get().page(Mfn(table));
            for (unsigned i = 0; i < 512; ++i) {
                Pte entry(entries[i]);
                if (!entry.is_present() || (has_core_slots && i >= 256 && i < 272)) continue;
                const bool writable = may_write && entry.is_writable();
                if (level > 1)
                    cpu.tables.emplace(level - 1, writable, entry.mfn().value);
                else
                    cpu.translations.emplace(writable, entry.mfn().value);
            }
        }
}

std::string ReferenceModel::check() {
    walk_all();
    std::string wrong = check_counts();
    return wrong.empty() ? check_translations() : wrong;
}

std::string ReferenceModel::check_counts() {
    HostMachine& machine = HostMachine::get();
    std::map<uint64_t, Expected> expected;
    std::map<const Account*, uint64_t> mapped_by_others;
    auto add = [&](uint64_t mfn, unsigned uses) {
        ++expected[mfn].references;
        expected[mfn].uses += uses;
    };
    std::ostringstream wrong;
    for (ModelDomain* domain : domains_) {
        for (Mfn base : domain->bases) add(base.value, 1);
        for (Mfn page : domain->descriptor_pages) add(page.value, 1);
        for (Mfn page : domain->ldt_pages) add(page.value, 1);
    }
    for (auto [mfn, count] : held_references) expected[mfn].references += count;
    for (auto [mfn, count] : held_writable) {
        expected[mfn].references += count;
        expected[mfn].uses += count;
    }
    for (uint64_t mfn = 1; mfn < machine.frames(); ++mfn) {
        FrameWord word = frame(Mfn(mfn)).word();
        if (word.is_allocated()) add(mfn, 0);
        if (word.is_pinned()) add(mfn, 1);
        if (word.is_in_transition()) add(mfn, 0);
        if (!is_page_table(word.type()) || (!word.uses() && !word.is_in_transition())) continue;
        unsigned level = table_level(word.type());
        unsigned counted = word.is_in_transition() ? word.progress() : 512;
        for (unsigned i = 0; i < counted; ++i) {
            Pte entry(machine.page(Mfn(mfn))[i]);
            if (!entry.is_present() || (level == 4 && i >= 256 && i < 272)) continue;
            if (entry.mfn().value >= machine.frames()) {
                if (level > 1 || !static_cast<ModelDomain*>(domains_[0])->io_allowed.contains(entry.mfn().value))
                    wrong << "table " << mfn << " slot " << i << " names no frame\n";
                continue;
            }
            if (!(entry.raw & pte::user) || (level > 1 && entry.is_large()) || (entry.raw & pte::global))
                wrong << "table " << mfn << " slot " << i << " has bad flags\n";
            FrameWord named = frame(entry.mfn()).word();
            if (level > 1 && named.type() == word.type()) {
                if (entry.is_writable()) wrong << "table " << mfn << " slot " << i << " is linear and writable\n";
                if (entry.mfn().value == mfn) continue;
                ++expected[mfn].linear_entries;
                ++expected[entry.mfn().value].linear_uses;
                add(entry.mfn().value, 1);
                continue;
            }
            add(entry.mfn().value, level > 1 || entry.is_writable());
            const Account* owner = frame(entry.mfn()).owner();
            if (owner != frame(Mfn(mfn)).owner()) ++mapped_by_others[owner];
            FrameType wanted = level > 1 ? table_type(level - 1) : FrameType::writable;
            if ((level > 1 || entry.is_writable()) && named.type() != wanted)
                wrong << "table " << mfn << " slot " << i << " names a frame of the wrong type\n";
        }
    }
    for (ModelDomain* domain : domains_)
        if (domain->account.mapped_by_others != mapped_by_others[&domain->account])
            wrong << "others map " << mapped_by_others[&domain->account] << " frames of a domain, counted are "
                  << domain->account.mapped_by_others << "\n";
    for (uint64_t mfn = 1; mfn < machine.frames(); ++mfn) {
        FrameWord word = frame(Mfn(mfn)).word();
        if (word.references() != expected[mfn].references || word.uses() != expected[mfn].uses)
            wrong << "frame " << mfn << " (type " << unsigned(word.type())
                  << (word.is_in_transition() ? " in transition" : "") << ") has " << word.references()
                  << " references, " << word.uses() << " uses; expected " << expected[mfn].references << ", "
                  << expected[mfn].uses << "\n";
        const Expected& counts = expected[mfn];
        if (counts.linear_entries && counts.linear_uses) wrong << "frame " << mfn << " may be part of a cycle\n";
        if (is_page_table(word.type()) && word.uses() &&
            frame(Mfn(mfn)).linear_balance() != counts.linear_entries - counts.linear_uses)
            wrong << "frame " << mfn << " has a linear balance of " << frame(Mfn(mfn)).linear_balance() << "\n";
        if (!word.references() != !frame(Mfn(mfn)).owner()) wrong << "frame " << mfn << " is free and not\n";
    }
    return wrong.str();
}

std::string ReferenceModel::check_translations() {
    HostMachine& machine = HostMachine::get();
    std::ostringstream wrong;
    for (unsigned i = 0; i < cpus.size(); ++i) {
        if (!cpus[i].domain) continue;
        for (auto [level, may_write, mfn] : cpus[i].tables)
            if (mfn >= machine.frames() || frame(Mfn(mfn)).owner() != &cpus[i].domain->account ||
                frame(Mfn(mfn)).word().type() < table_type(level) || !is_page_table(frame(Mfn(mfn)).word().type()) ||
                (may_write && frame(Mfn(mfn)).word().type() != table_type(level)))
                wrong << "CPU " << i << " may walk frame " << mfn << " as L" << level << "\n";
        for (auto [writable, mfn] : cpus[i].translations) {
            if (mfn >= machine.frames()) {
                if (!cpus[i].domain->io_allowed.contains(mfn))
                    wrong << "CPU " << i << " reaches I/O frame " << mfn << "\n";
                continue;
            }
            Frame& reached = frame(Mfn(mfn));
            FrameWord word = reached.word();
            if (writable && word.type() != FrameType::writable && (word.uses() || word.is_in_transition()))
                wrong << "CPU " << i << " may write frame " << mfn << " of type " << unsigned(word.type()) << "\n";
            bool own = reached.owner() == &cpus[i].domain->account;
            bool lent = held_references.contains(mfn) || held_writable.contains(mfn) ||
                        (reached.owner() && word.references() > (word.is_allocated() ? 1u : 0u));
            if (!own && !lent) wrong << "CPU " << i << " reaches frame " << mfn << " which is not its domain's\n";
        }
    }
    return wrong.str();
}

} // namespace skerry
