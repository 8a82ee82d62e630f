// SPDX-License-Identifier: MIT
// Registers: Intel 82093AA data sheet. A pair of index and data words; an entry is two 32-bit registers.
#include "arch/x86_64/ioapic.h"

#include "arch/x86_64/core_page_tables.h"
#include "base/lock.h"
#include "base/log.h"

namespace skerry {

namespace {

constexpr uint32_t register_version = 1;
constexpr uint32_t first_entry_register = 0x10;
constexpr uint32_t entry_masked = 1 << 16, entry_level = 1 << 15, entry_active_low = 1 << 13;

class IoApic {
  public:
    bool init(MachAddr address, uint32_t first_gsi) {
        registers_ = static_cast<volatile uint32_t*>(map_mmio(address, 0x20));
        if (!registers_) return false;
        address_ = address;
        first_ = first_gsi;
        count_ = (read(register_version) >> 16 & 0xff) + 1;
        for (uint32_t i = 0; i < count_; ++i) write(first_entry_register + 2 * i, entry_masked);
        return true;
    }
    bool covers(uint32_t gsi) const { return gsi - first_ < count_; }
    uint32_t end() const { return first_ + count_; }
    MachAddr address() const { return address_; }

    void route(uint32_t gsi, uint32_t low, uint32_t apic_id) {
        uint32_t r = entry_register(gsi);
        write(r, low | entry_masked);
        write(r + 1, apic_id << 24);
        write(r, low);
    }
    void set_masked(uint32_t gsi, bool mask) {
        uint32_t r = entry_register(gsi);
        uint32_t low = read(r);
        write(r, mask ? low | entry_masked : low & ~entry_masked);
    }
    uint32_t read(uint32_t r) {
        registers_[0] = r;
        return registers_[4];
    }

  private:
    uint32_t entry_register(uint32_t gsi) const { return first_entry_register + 2 * (gsi - first_); }
    void write(uint32_t r, uint32_t value) {
        registers_[0] = r;
        registers_[4] = value;
    }
    volatile uint32_t* registers_ = nullptr;
    MachAddr address_{};
    uint32_t first_ = 0;
    uint32_t count_ = 0;
};

constexpr size_t max_ioapics = 16;
IoApic ioapics[max_ioapics];
size_t ioapic_count = 0;
constinit Lock<LockRank::io_apic> lock; // index and data belong together

template <typename F> void with(uint32_t gsi, F&& f) {
    Holding<LockRank::io_apic> held(lock);
    for (size_t i = 0; i < ioapic_count; ++i)
        if (ioapics[i].covers(gsi)) f(ioapics[i]);
}

} // namespace

bool add_ioapic(MachAddr address, uint32_t first_gsi) {
    if (ioapic_count == max_ioapics || !ioapics[ioapic_count].init(address, first_gsi)) return false;
    ++ioapic_count;
    return true;
}

unsigned ioapic_number() { return ioapic_count; }
MachAddr ioapic_address(unsigned index) { return ioapics[index].address(); }

uint32_t ioapic_gsi_count() {
    uint32_t end = 0;
    for (size_t i = 0; i < ioapic_count; ++i) end = ioapics[i].end() > end ? ioapics[i].end() : end;
    return end;
}

void ioapic_route(uint32_t gsi, uint8_t vector, LineConfig config, uint32_t apic_id, bool masked) {
    uint32_t low = vector; // physical destination, fixed delivery
    low |= config.trigger == Trigger::level ? entry_level : 0;
    low |= config.polarity == Polarity::active_low ? entry_active_low : 0;
    low |= masked ? entry_masked : 0;
    with(gsi, [&](IoApic& io) { io.route(gsi, low, apic_id); });
}

void ioapic_mask(uint32_t gsi) {
    with(gsi, [&](IoApic& io) { io.set_masked(gsi, true); });
}
void ioapic_unmask(uint32_t gsi) {
    with(gsi, [&](IoApic& io) { io.set_masked(gsi, false); });
}

bool ioapic_read(MachAddr base, uint32_t reg, uint32_t& value) {
    Holding<LockRank::io_apic> held(lock);
    for (size_t i = 0; i < ioapic_count; ++i)
        if (ioapics[i].address() == base) {
            value = ioapics[i].read(reg & 0xff);
            return true;
        }
    return false;
}

} // namespace skerry
