// SPDX-License-Identifier: MIT
// The reference model: slow and obviously right. It knows nothing of how pv_mmu works, only what must hold:
//
// - Counts: for each frame, references and uses are recomputed from scratch: from every entry of every table that is in
// use
//   (or the first `progress` ones of a table in transition), from pins, bases and from what the test itself holds.
// - Linear page tables: no table both leads to others of its level and is led to by such, and the counts of either are right.
// - Translations: CPUs are modelled that cache everything they could ever cache: each table and each translation that
// was
//   reachable from a loaded base since the CPU's last flush. No CPU may be able to write a page table or a descriptor
//   page, to walk something as a table that is not one of that level (or, by read-only entries, of a higher one), or to reach a frame that its domain has no
//   business with.
#pragma once

#include "host_machine.h"
#include "pv_mmu/pv_mmu.h"

#include <map>
#include <set>
#include <vector>

namespace skerry {

// An mmu_update of one request, which stands in the guest's memory.
Status one_update(PvMmu& mmu, uint64_t pointer, uint64_t value, const ForeignAccess* foreign, WorkBudget& budget);

// One domain as pv_mmu sees it, and what the test holds on its behalf.
struct ModelDomain : PvMmuHost {
    explicit ModelDomain(DomId id) : account(id, 100000, 100), mmu(account, *this) {}

    bool may_map_io(Mfn first, uint64_t) const override { return io_allowed.contains(first.value); }
    bool may_set_cache_attributes() const override { return !io_allowed.empty(); }
    void forget_ldt_pages() override {
        for (Mfn page : ldt_pages) mmu.release_descriptor_page_locked(page);
        ldt_pages.clear();
    }

    Account account;
    PvMmu mmu;
    std::vector<Mfn> bases;            // L4s held as bases, one per use
    std::vector<Mfn> descriptor_pages; // held by take_descriptor_page
    std::vector<Mfn> ldt_pages;        // the same, given up by forget_ldt_pages
    std::set<uint64_t> io_allowed;
};

class ReferenceModel {
  public:
    ReferenceModel();
    ~ReferenceModel();

    void add(ModelDomain& domain) { domains_.push_back(&domain); }
    // References that the test holds to a frame (grants): any domain's frame.
    std::map<uint64_t, unsigned> held_references, held_writable;

    // Which base each CPU has loaded (CPU numbers index it).
    struct Cpu {
        ModelDomain* domain = nullptr;
        Mfn base = invalid_mfn;
        std::set<std::tuple<unsigned, bool, uint64_t>> tables; // (level, writable below, frame) it may walk
        std::set<std::pair<bool, uint64_t>> translations;      // (writable, frame) it may use
    };
    std::vector<Cpu> cpus;
    void load(unsigned cpu, ModelDomain& domain, Mfn base);

    // Fills the caches of all CPUs with everything they can reach now.
    void walk_all();
    // Everything that must hold. Empty: it does; else what does not.
    std::string check();

  private:
    struct Expected {
        uint64_t references = 0, uses = 0;
        int linear_entries = 0, linear_uses = 0;
    };
    void walk(Cpu& cpu);
    void flushed(const CpuSet& set);
    std::string check_counts();
    std::string check_translations();
    std::vector<ModelDomain*> domains_;
};

} // namespace skerry
