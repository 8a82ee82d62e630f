// SPDX-License-Identifier: MIT
// Changing single entries: judge the new entry, take what it needs, write it, give back what the old one held.
// Everything that can fail or restart comes before the write.
#include "pv_mmu/entry_rules.h"
#include "pv_mmu/l1_needs.h"
#include "pv_mmu/page_use.h"
#include "pv_mmu/pv_mmu.h"
#include "pv_mmu/slot.h"

#include "memory/guest_copy.h"
#include "memory/m2p.h"

#include <xen/xen.h>

namespace skerry {

static_assert(MMU_NORMAL_PT_UPDATE == 0 && MMU_MACHPHYS_UPDATE == 1 && MMU_PT_UPDATE_PRESERVE_AD == 2 &&
              MMU_PT_UPDATE_NO_TRANSLATE == 3);

// --- L1 entries ---

// Why take_l1_need did not succeed, or: it is I/O memory.
[[gnu::cold, gnu::noinline]] Status PvMmu::take_l1_need_slowly(Pte entry, Account& source) {
    Mfn mfn = entry.mfn();
    if (is_ram(mfn)) {
        const Account* owner = frame(mfn).owner();
        log_refusal(account_.id(), "entry %lx: frame of domain %u, type %u, wanted %s of domain %u", entry.raw,
                    owner ? owner->id().value : DOMID_INVALID, static_cast<unsigned>(frame(mfn).word().type()),
                    entry.is_writable() ? "writable" : "read-only", source.id().value);
        return Error::busy;
    }
    if (!is_io(mfn)) {
        log_refusal(account_.id(), "entry %lx: the machine has no such address", entry.raw);
        return Error::invalid;
    }
    if (!host_.may_map_io(mfn, 1)) {
        log_refusal(account_.id(), "entry %lx: no right to this I/O memory", entry.raw);
        return Error::not_permitted;
    }
    return success;
}

// Frames of other accounts, descriptor pages, holes.
[[gnu::cold, gnu::noinline]] void PvMmu::drop_l1_need_slowly(Pte entry, Frame* named) {
    if (!named->word().is_ram())
        return; // I/O memory
    if (named->owner() == &account_) {
        host_.forget_ldt_pages();
        named->drop_reference();
        return;
    }
    // Its owner knows nothing of our CPUs: they must have forgotten the frame before the reference goes.
    account_.users.flush();
    if (entry.is_writable())
        named->drop_writable_use();
    else
        named->drop_reference();
}

// `old` is what the caller read from the slot.
Status PvMmu::update_l1(Pte* slot, Pte old, Pte value, Write how, Account& source) {
    bool takes = false;
    if (value.is_present()) {
        if (value.raw & rules::refused_flags(1, false)) [[unlikely]]
            if (value.raw & rules::refused_flags(1, host_.may_set_cache_attributes())) {
                log_refusal(account_.id(), "L1 entry %lx: flags refused", value.raw);
                return Error::invalid;
            }
        takes = !rules::same_need(old, value);
        if (takes)
            TRY_STATUS(take_l1_need(value, source));
        value = rules::adjusted_l1(value);
    }
    if (how == Write::plain) [[likely]] {
        write_slot(slot, value);
    } else if (how == Write::keep_accessed_dirty) {
        write_slot_keeping_accessed_dirty(slot, value);
    } else if (!write_slot_if(slot, old, value)) {
        if (takes)
            drop_l1_need(value, account_.users.stamp());
        return Error::try_again;
    }
    if (old.is_present() && (takes || !value.is_present()))
        drop_l1_need(old, account_.users.stamp());
    return success;
}

// --- entries of L2, L3, L4 ---

Status PvMmu::update_table(Frame& table, Pte* slot, Pte value, Write how, WorkBudget& budget) {
    const unsigned level = table_level(table.word().type());
    const unsigned index = (reinterpret_cast<uintptr_t>(slot) / sizeof(Pte)) % page_table_entries;
    if (!rules::is_guest_slot(level, index)) {
        log_refusal(account_.id(), "L4 table %lx: slot %u is not the guest's", table.mfn().value, index);
        return Error::invalid;
    }
    Pte old = read_slot(slot);
    bool takes = false;
    if (value.is_present()) {
        if (value.raw & rules::refused_flags(level, false)) {
            log_refusal(account_.id(), "L%u entry %lx: flags refused", level, value.raw);
            return Error::invalid;
        }
        takes = !old.is_present() || old.mfn() != value.mfn();
        if (takes)
            TRY_STATUS(take_table(value.mfn(), level - 1, budget, "entry for"));
        value = rules::adjusted_table(value);
    }
    if (how == Write::keep_accessed_dirty)
        write_slot_keeping_accessed_dirty(slot, value);
    else
        write_slot(slot, value);
    if (old.is_present() && (takes || !value.is_present())) {
        drop_table(frame(old.mfn()));
        (void)drain(budget);
    }
    return success;
}

// --- mmu_update ---

Status PvMmu::Batch::update(uint64_t pointer, uint64_t value, const ForeignAccess* foreign, WorkBudget& budget) {
    TRY_STATUS(mmu_.drain(budget));
    const unsigned command = pointer & (sizeof(uint64_t) - 1);
    const MachAddr place(pointer & ~(sizeof(uint64_t) - 1));
    Account& source = foreign ? foreign->account() : mmu_.account_;
    if (command > MMU_PT_UPDATE_NO_TRANSLATE || command == MMU_MACHPHYS_UPDATE) [[unlikely]]
        return command == MMU_MACHPHYS_UPDATE ? mmu_.machphys_update(frame_of(place), value, source)
                                              : Status(Error::no_system_call);
    const Write how = command == MMU_PT_UPDATE_PRESERVE_AD ? Write::keep_accessed_dirty : Write::plain;
    Frame* table = find_frame(frame_of(place));
    if (!table || table->owner() != &mmu_.account_) [[unlikely]] {
        log_refusal(mmu_.account_.id(), "mmu_update of %lx: not a frame of the domain", pointer);
        return Error::invalid;
    }
    if (table->word().is_used_as(FrameType::l1)) [[likely]]
        return mmu_.update_l1(slot_at(place), read_slot(slot_at(place)), Pte(value), how, source);
    return mmu_.update_other(*table, place, value, how, budget);
}

Status PvMmu::update_other(Frame& table, MachAddr place, uint64_t value, Write how, WorkBudget& budget) {
    FrameWord word = table.word();
    if (is_page_table(word.type()) && word.uses())
        return update_table(table, slot_at(place), Pte(value), how, budget);
    if (is_page_table(word.type()) && word.is_in_transition()) {
        // A promotion that was never finished: undo it, then it is ordinary memory.
        enqueue(table);
        return Error::restart;
    }
    return update_plain_memory(table, place, value);
}

Status PvMmu::update_plain_memory(Frame& frame, MachAddr place, uint64_t value) {
    if (!frame.try_writable_use(account_)) {
        log_refusal(account_.id(), "mmu_update of %lx: neither a page table nor writable", place.value);
        return Error::invalid;
    }
    __atomic_store_n(to_pointer<uint64_t>(place), value, __ATOMIC_RELAXED);
    frame.drop_writable_use();
    return success;
}

Status PvMmu::machphys_update(Mfn mfn, uint64_t value, Account& source) {
    FrameRef held = TRY(take_reference(mfn, source));
    set_m2p(mfn, Pfn(value));
    return success;
}

// --- by linear address ---

// The slot of the L1 entry for `virt`, or nullptr. The tables on the way are validated, so every step leads to a table.
Pte* PvMmu::find_l1_slot(Mfn root, GuestVirt virt) {
    if (!is_guest_range(virt, 1)) [[unlikely]]
        return nullptr;
    Pte* entries = table_entries(root);
    for (unsigned level = 4; level > 1; --level) {
        Pte entry = read_slot(&entries[table_index(virt.value, level)]);
        if (!entry.is_present()) [[unlikely]]
            return nullptr;
        entries = table_entries(entry.mfn());
    }
    return &entries[table_index(virt.value, 1)];
}

Status PvMmu::update_va_mapping(Mfn root, GuestVirt virt, Pte value, const ForeignAccess* foreign, WorkBudget& budget) {
    Holding held(lock_);
    TRY_STATUS(drain(budget));
    Pte* slot = find_l1_slot(root, virt);
    if (!slot) [[unlikely]] {
        log_refusal(account_.id(), "update_va_mapping of %lx: no L1 table there", virt.value);
        return Error::invalid;
    }
    return update_l1(slot, read_slot(slot), value, Write::plain, foreign ? foreign->account() : account_);
}

Pte PvMmu::find_entry(Mfn root, GuestVirt virt) {
    Holding held(lock_);
    Pte* slot = find_l1_slot(root, virt);
    return slot ? read_slot(slot) : Pte();
}

// --- trapped writes ---

Result<uint64_t> PvMmu::emulate_pt_write(Mfn root, const PtWrite& write, WorkBudget& budget) {
    const unsigned offset = write.address.value % sizeof(Pte);
    ASSERT((write.bytes == 1 || write.bytes == 2 || write.bytes == 4 || write.bytes == 8));
    if (offset + write.bytes > sizeof(Pte))
        return Error::not_found;
    Holding held(lock_);
    TRY_STATUS(drain(budget));
    Pte* mapping = find_l1_slot(root, write.address);
    Pte found = mapping ? read_slot(mapping) : Pte();
    if (!found.is_present() || found.is_writable())
        return Error::not_found;
    Frame* table = find_frame(found.mfn());
    if (!table || table->owner() != &account_ || !table->word().is_used_as(FrameType::l1))
        return Error::not_found;

    const uint64_t mask = (write.bytes == 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * write.bytes) - 1) << 8 * offset;
    Pte* slot = &table_entries(found.mfn())[(write.address.value % page_size) / sizeof(Pte)];
    for (;;) {
        Pte old = read_slot(slot);
        uint64_t old_part = (old.raw & mask) >> 8 * offset;
        if (write.compares && old_part != (write.expected & (mask >> 8 * offset)))
            return old_part;
        Pte merged((old.raw & ~mask) | (write.value << 8 * offset & mask));
        // It fails to write only if the hardware has set accessed or dirty since.
        Status updated = update_l1(slot, old, merged, Write::if_unchanged, account_);
        if (updated.ok())
            return old_part;
        if (updated.error() != Error::try_again)
            return updated.error();
    }
}

} // namespace skerry
