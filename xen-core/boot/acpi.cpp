// SPDX-License-Identifier: MIT
#include "boot/acpi.h"

#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/direct_map.h"
#include "arch/x86_64/interrupts.h"
#include "arch/x86_64/machine_power.h"
#include "arch/x86_64/time.h"
#include "base/log.h"
#include "boot/acpi_tables.h"
#include "boot/aml.h"
#include "boot/boot_information.h"

#include <string.h>

namespace skerry {

constinit MachineDescription machine;

namespace {

using acpi::Header;

bool sums_to_zero(const void* table, size_t size) {
    uint8_t sum = 0;
    for (size_t i = 0; i < size; ++i) sum = static_cast<uint8_t>(sum + static_cast<const uint8_t*>(table)[i]);
    return sum == 0;
}

// A table of at least `least` bytes whose checksum is right, mapped for good; or nullptr.
const Header* map_table(uint64_t address, size_t least = sizeof(Header)) {
    if (!address) return nullptr;
    auto* header = static_cast<const Header*>(map_firmware(MachAddr(address), sizeof(Header)));
    if (!header || header->length < least || header->length > 16u << 20) return nullptr;
    auto* table = static_cast<const Header*>(map_firmware(MachAddr(address), header->length));
    if (table && sums_to_zero(table, table->length)) return table;
    log(LogLevel::warning, "ACPI: the table at %lx has a wrong checksum and is ignored", address);
    return nullptr;
}

// The BIOS area, where the root pointer is when the loader did not pass it (ACPI 5.2.5.1).
const acpi::RootPointer* find_root_pointer() {
    if (boot_information.has_rsdp) return reinterpret_cast<const acpi::RootPointer*>(boot_information.rsdp);
    auto scan = [](uint64_t start, uint64_t size) -> const acpi::RootPointer* {
        auto* area = static_cast<const char*>(map_firmware(MachAddr(start), size));
        for (uint64_t i = 0; area && i + sizeof(acpi::RootPointer) <= size; i += 16)
            if (!memcmp(area + i, "RSD PTR ", 8) && sums_to_zero(area + i, acpi::root_pointer_v1_size))
                return reinterpret_cast<const acpi::RootPointer*>(area + i);
        return nullptr;
    };
    auto* bios_data = static_cast<const uint8_t*>(map_firmware(MachAddr(0x40e), 2));
    uint64_t extended_area = bios_data ? static_cast<uint64_t>(bios_data[0] | bios_data[1] << 8) << 4 : 0;
    if (extended_area >= 0x80000 && extended_area < 0xa0000)
        if (auto* found = scan(extended_area, 1024)) return found;
    return scan(0xe0000, 0x20000);
}

// Calls `f` for each table that the root table lists.
template <typename F> void for_each_table(const acpi::RootPointer& root, F&& f) {
    bool extended = root.revision >= 2 && root.xsdt;
    const Header* list = map_table(extended ? root.xsdt : root.rsdt);
    if (!list) return;
    size_t entry_size = extended ? 8 : 4;
    auto* entries = reinterpret_cast<const uint8_t*>(list + 1);
    for (size_t at = 0; at + entry_size <= list->length - sizeof(Header); at += entry_size) {
        uint64_t address = 0;
        memcpy(&address, entries + at, entry_size);
        if (const Header* table = map_table(address)) f(*table);
    }
}

// --- MADT ---

void add_cpu(uint32_t apic_id, uint32_t flags) {
    if (!(flags & 1)) return;
    if (machine.cpu_count == max_cpus) {
        log(LogLevel::warning, "more than %u CPUs: APIC %u is not used", max_cpus, apic_id);
        return;
    }
    machine.cpu_apic_ids[machine.cpu_count++] = apic_id;
}

void read_override(const acpi::MadtOverride& entry) {
    LineConfig config{Trigger::edge, Polarity::active_high};
    if ((entry.flags >> 2 & 3) == 3) config.trigger = Trigger::level;
    if ((entry.flags & 3) == 3) config.polarity = Polarity::active_low;
    override_isa_irq(entry.source, entry.gsi, config);
}

void read_madt_entry(const acpi::MadtEntry& entry) {
    auto as = [&]<typename T>(const T*) -> const T& { return static_cast<const T&>(entry); };
    if (entry.type == acpi::madt::local_apic && entry.length >= sizeof(acpi::MadtLocalApic)) {
        auto& e = as(static_cast<acpi::MadtLocalApic*>(nullptr));
        add_cpu(e.id, e.flags);
    } else if (entry.type == acpi::madt::local_x2apic && entry.length >= sizeof(acpi::MadtLocalX2apic)) {
        auto& e = as(static_cast<acpi::MadtLocalX2apic*>(nullptr));
        add_cpu(e.id, e.flags);
    } else if (entry.type == acpi::madt::io_apic && entry.length >= sizeof(acpi::MadtIoApic)) {
        auto& e = as(static_cast<acpi::MadtIoApic*>(nullptr));
        if (!add_ioapic(MachAddr(e.address), e.first_gsi))
            log(LogLevel::warning, "the IO-APIC at %x cannot be used", e.address);
    } else if (entry.type == acpi::madt::source_override && entry.length >= sizeof(acpi::MadtOverride)) {
        read_override(as(static_cast<acpi::MadtOverride*>(nullptr)));
    } else if (entry.type == acpi::madt::local_apic_address && entry.length >= sizeof(acpi::MadtLocalApicAddress)) {
        machine.local_apic = MachAddr(as(static_cast<acpi::MadtLocalApicAddress*>(nullptr)).address);
    }
}

void read_madt(const acpi::Madt& madt) {
    machine.has_madt = true;
    machine.local_apic = MachAddr(madt.local_apic);
    auto* bytes = reinterpret_cast<const uint8_t*>(&madt);
    for (size_t at = sizeof(madt); at + sizeof(acpi::MadtEntry) <= madt.header.length;) {
        auto& entry = *reinterpret_cast<const acpi::MadtEntry*>(bytes + at);
        if (entry.length < sizeof(entry) || at + entry.length > madt.header.length) break;
        read_madt_entry(entry);
        at += entry.length;
    }
}

// --- FADT and the S5 package ---

void read_power_off(const Header& table) {
    auto* body = reinterpret_cast<const uint8_t*>(&table + 1);
    if (power_control.has_s5) return;
    if (auto type = find_s5({body, table.length - sizeof(Header)})) {
        power_control.s5_type_a = type->a;
        power_control.s5_type_b = type->b;
        power_control.has_s5 = true;
    }
}

void read_fadt(const acpi::Fadt& fadt) {
    size_t length = fadt.header.length;
    if (length < acpi::fadt_v1_size) return;
    bool has_extended = length >= sizeof(acpi::Fadt);
    power_control.pm1a_control = static_cast<uint16_t>(fadt.pm1a_control);
    power_control.pm1b_control = static_cast<uint16_t>(fadt.pm1b_control);
    power_control.smi_command = static_cast<uint16_t>(fadt.smi_command);
    power_control.acpi_enable = fadt.acpi_enable;
    if (length >= offsetof(acpi::Fadt, arm_flags) && fadt.flags & acpi::fadt_has_reset_register &&
        fadt.reset_register.space == acpi::space_io) {
        power_control.has_reset_register = true;
        power_control.reset_port = static_cast<uint16_t>(fadt.reset_register.address);
        power_control.reset_value = fadt.reset_value;
    }
    clock_sources.pm_timer_port = static_cast<uint16_t>(fadt.pm_timer);
    if (has_extended && !fadt.pm_timer && fadt.x_pm_timer.space == acpi::space_io)
        clock_sources.pm_timer_port = static_cast<uint16_t>(fadt.x_pm_timer.address);
    clock_sources.century_register = fadt.century;
    uint64_t dsdt = has_extended && fadt.x_dsdt ? fadt.x_dsdt : fadt.dsdt;
    if (const Header* table = map_table(dsdt)) read_power_off(*table);
}

void read_table(const Header& table) {
    auto is = [&](const char* signature) { return !memcmp(table.signature, signature, 4); };
    if (is("APIC") && table.length >= sizeof(acpi::Madt) && !machine.has_madt)
        read_madt(reinterpret_cast<const acpi::Madt&>(table));
    else if (is("FACP"))
        read_fadt(reinterpret_cast<const acpi::Fadt&>(table));
    else if (is("SSDT"))
        read_power_off(table);
    else if (is("HPET") && table.length >= sizeof(acpi::Hpet) &&
             reinterpret_cast<const acpi::Hpet&>(table).address.space == acpi::space_memory)
        clock_sources.hpet = MachAddr(reinterpret_cast<const acpi::Hpet&>(table).address.address);
}

} // namespace

void read_acpi() {
    if (auto* root = find_root_pointer()) for_each_table(*root, read_table);
    if (!machine.has_madt) log(LogLevel::warning, "no ACPI interrupt table (MADT): one CPU, no device interrupts");
    log(LogLevel::info, "ACPI: %u CPUs, %u interrupt lines, %s%s", machine.cpu_count, interrupt_line_count(),
        clock_sources.hpet.value      ? "HPET, "
        : clock_sources.pm_timer_port ? "PM timer, "
                                      : "",
        power_control.has_s5 ? "power off by S5" : "no power off");
}

} // namespace skerry
