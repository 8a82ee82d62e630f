// SPDX-License-Identifier: MIT
// Changing single entries: judge the new entry, take what it needs, write it, give back what the old one held.
// Everything that can fail or restart comes before the write.
#include "pv_mmu/entry_rules.h"
#include "pv_mmu/l1_needs.h"
#include "pv_mmu/page_use.h"
#include "pv_mmu/pv_mmu.h"
#include "pv_mmu/slot.h"

namespace skerry {

static_assert(sizeof(mmu_update_t) == 16 && offsetof(mmu_update_t, ptr) == 0 && offsetof(mmu_update_t, val) == 8);
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

// Flags that only some domains may set, or nobody.
[[gnu::cold, gnu::noinline]] Status PvMmu::judge_rare_flags(Pte entry) {
    if (!(entry.raw & rules::refused_flags(1, host_.may_set_cache_attributes()))) return success;
    log_refusal(account_.id(), "L1 entry %lx: flags refused", entry.raw);
    return Error::invalid;
}

// Frames of other accounts, descriptor pages, holes.
[[gnu::cold, gnu::noinline]] void PvMmu::drop_l1_need_slowly(Pte entry, Frame* named) {
    if (!named->word().is_ram()) return; // I/O memory
    if (named->owner() == &account_) {
        host_.forget_ldt_pages();
        named->drop_reference();
        return;
    }
    // Its owner knows nothing of our CPUs: they must have forgotten the frame before the reference goes.
    account_.users.flush();
    named->owner()->mapped_by_others.fetch_sub(1, std::memory_order_relaxed);
    if (entry.is_writable())
        named->drop_writable_use();
    else
        named->drop_reference();
}

// `old` is what the caller read from the slot. Inline where it is hot, for a `how` that is known there.
[[gnu::always_inline]] inline Status PvMmu::write_l1(Pte* slot, Pte old, Pte value, Write how, Account& source) {
    const bool maps = value.is_present();
    bool takes = false;
    if (maps) {
        if (value.raw & rules::refused_flags(1, false)) [[unlikely]]
            TRY_STATUS(judge_rare_flags(value));
        takes = !rules::same_need(old, value);
        if (takes) TRY_STATUS(take_l1_need(value, source));
        value = rules::adjusted_l1(value);
    }
    if (how == Write::plain) {
        write_slot(slot, value);
    } else if (how == Write::keep_accessed_dirty) {
        write_slot_keeping_accessed_dirty(slot, value);
    } else if (!write_slot_if(slot, old, value)) {
        if (takes) drop_l1_need(value, account_.users.stamp());
        return Error::try_again;
    }
    if (old.is_present() && (takes || !maps)) drop_l1_need(old, account_.users.stamp());
    return success;
}

Status PvMmu::update_l1(Pte* slot, Pte old, Pte value, Write how, Account& source) {
    return write_l1(slot, old, value, how, source);
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
        if (takes) TRY_STATUS(take_table(value.mfn(), level - 1, budget, "entry for"));
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

Status PvMmu::update_all(GuestHandle<mmu_update_t> requests, uint32_t count, const ForeignAccess* foreign,
                         WorkBudget& budget, uint32_t& carried_out) {
    constexpr uint32_t stretch = 64; // requests between two looks at the budget
    Holding held(lock_);
    Account& source = foreign ? foreign->account() : account_;
    GuestVirt next = requests.address();
    carried_out = 0;
    if (!is_guest_range(next, uint64_t{count} * sizeof(mmu_update_t))) return Error::bad_address;
    TRY_STATUS(drain(budget));
    while (carried_out < count) {
        if (carried_out && budget.is_spent()) return Error::restart;
        const uint32_t end = count - carried_out < stretch ? count : carried_out + stretch;
        (void)budget.spend(static_cast<int32_t>(end - carried_out));
        for (; carried_out < end; ++carried_out, next = next + sizeof(mmu_update_t)) {
            mmu_update_t request;
            if (!read_guest_object(request, next)) [[unlikely]]
                return Error::bad_address;
            TRY_STATUS(update_one(request.ptr, request.val, source, budget));
        }
    }
    return success;
}

Status PvMmu::update(uint64_t pointer, uint64_t value, const ForeignAccess* foreign, WorkBudget& budget) {
    Holding held(lock_);
    TRY_STATUS(drain(budget));
    (void)budget.spend();
    return update_one(pointer, value, foreign ? foreign->account() : account_, budget);
}

// The usual case inline: a plain update of an entry of an L1 table.
[[gnu::always_inline]] inline Status PvMmu::update_one(uint64_t pointer, uint64_t value, Account& source,
                                                       WorkBudget& budget) {
    const MachAddr place(pointer);
    if (frame_of(place).value <= max_mfn_value && !(pointer % sizeof(Pte))) [[likely]] {
        Frame& table = frame(frame_of(place));
        if (table.owner() == &account_ && table.word().is_used_as(FrameType::l1)) [[likely]] {
            Pte* slot = slot_at(place);
            return write_l1(slot, read_slot(slot), Pte(value), Write::plain, source);
        }
    }
    return update_otherwise(pointer, value, source, budget);
}

Status PvMmu::update_otherwise(uint64_t pointer, uint64_t value, Account& source, WorkBudget& budget) {
    TRY_STATUS(drain(budget)); // an earlier request of the same call may have left something
    const unsigned command = pointer % sizeof(uint64_t);
    const MachAddr place(pointer - command);
    if (command == MMU_MACHPHYS_UPDATE) return machphys_update(frame_of(place), value, source);
    if (command > MMU_PT_UPDATE_NO_TRANSLATE) return Error::no_system_call;
    const Write how = command == MMU_PT_UPDATE_PRESERVE_AD ? Write::keep_accessed_dirty : Write::plain;
    Frame* named = find_frame(frame_of(place));
    if (!named || named->owner() != &account_) {
        log_refusal(account_.id(), "mmu_update of %lx: not a frame of the domain", pointer);
        return Error::invalid;
    }
    FrameWord word = named->word();
    if (word.is_used_as(FrameType::l1))
        return update_l1(slot_at(place), read_slot(slot_at(place)), Pte(value), how, source);
    if (is_page_table(word.type()) && word.uses()) return update_table(*named, slot_at(place), Pte(value), how, budget);
    if (is_page_table(word.type()) && word.is_in_transition()) {
        // A promotion that was never finished: undo it, then it is ordinary memory.
        enqueue(*named);
        return Error::restart;
    }
    return update_plain_memory(*named, place, value);
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
    return write_l1(slot, read_slot(slot), value, Write::plain, foreign ? foreign->account() : account_);
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
    if (offset + write.bytes > sizeof(Pte)) return Error::not_found;
    Holding held(lock_);
    TRY_STATUS(drain(budget));
    Pte* mapping = find_l1_slot(root, write.address);
    Pte found = mapping ? read_slot(mapping) : Pte();
    if (!found.is_present() || found.is_writable()) return Error::not_found;
    Frame* table = find_frame(found.mfn());
    if (!table || table->owner() != &account_ || !table->word().is_used_as(FrameType::l1)) return Error::not_found;

    const uint64_t mask = (write.bytes == 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * write.bytes) - 1) << 8 * offset;
    Pte* slot = &table_entries(found.mfn())[(write.address.value % page_size) / sizeof(Pte)];
    for (;;) {
        Pte old = read_slot(slot);
        uint64_t old_part = (old.raw & mask) >> 8 * offset;
        if (write.compares && old_part != (write.expected & (mask >> 8 * offset))) return old_part;
        Pte merged((old.raw & ~mask) | (write.value << 8 * offset & mask));
        // It fails to write only if the hardware has set accessed or dirty since.
        Status updated = update_l1(slot, old, merged, Write::if_unchanged, account_);
        if (updated.ok()) return old_part;
        if (updated.error() != Error::try_again) return updated.error();
    }
}

} // namespace skerry
