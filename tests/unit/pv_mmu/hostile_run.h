// SPDX-License-Identifier: MIT
// Two hostile domains on one machine, driven by bytes: random ones in the unit test, libFuzzer's in the fuzz target.
// They call every operation with plausible and with wild arguments, on budgets that restart often, give up restarted
// calls, and write through every translation a CPU could still have cached. After each step the reference model must
// find nothing wrong.
#pragma once

#include "reference_model.h"

#include <functional>
#include <string>

namespace skerry {

class HostileRun {
  public:
    // `next` yields the next byte; `finished` says when to stop (asked between steps).
    HostileRun(std::function<uint8_t()> next, std::function<bool()> finished);
    ~HostileRun();

    // Runs to the end and tears both domains down. Empty: all was well; else what was wrong, after which step.
    std::string run(unsigned check_every);
    // How often each operation succeeded and failed, to see that a run reaches something.
    std::string statistics() const;

  private:
    struct Grant {
        ModelDomain* lender;
        ModelDomain* borrower;
        Mfn mfn;
        bool writable;
        EntryPlace place;
    };
    uint8_t byte() { return next_(); }
    unsigned below(unsigned n) { return (unsigned{byte()} << 8 | byte()) % n; }
    ModelDomain& domain() { return domains_[below(2)]; }
    Mfn any_frame(ModelDomain& of);
    uint64_t any_entry(ModelDomain& of);
    unsigned any_slot();
    WorkBudget budget();
    EntryPlace any_place(ModelDomain& of);
    void count(const char* operation, bool ok);

    void step();
    void allocate(ModelDomain& d);
    void release(ModelDomain& d);
    void pin_or_unpin(ModelDomain& d);
    void change_base(ModelDomain& d);
    void mmu_update(ModelDomain& d);
    void mend(ModelDomain& d);
    void va_update(ModelDomain& d);
    void trapped_write(ModelDomain& d);
    void descriptor_page(ModelDomain& d);
    void guest_write();
    void build_table(ModelDomain& d);
    void borrow(ModelDomain& d);
    void give_back(size_t index);
    void guest_flush(ModelDomain& d);
    std::string tear_down();

    std::function<uint8_t()> next_;
    std::function<bool()> finished_;
    HostMachine machine_{40};
    ReferenceModel model_;
    ModelDomain domains_[2]{ModelDomain(DomId(1)), ModelDomain(DomId(2))};
    Mfn home_[2][4]; // L1..L4 of each domain's first address space
    std::vector<Grant> grants_;
    const char* last_ = "nothing";
    std::vector<std::pair<std::string, std::pair<unsigned, unsigned>>> statistics_;
};

} // namespace skerry
