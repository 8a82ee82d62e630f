// SPDX-License-Identifier: MIT
#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/interrupts.h"
#include "arch/x86_64/machine_power.h"
#include "arch/x86_64/time.h"
#include "boot/aml.h"
#include "boot/start.h"

namespace skerry {

namespace {

// The tables as the ACPI specification 6.4, chapter 5, lays them out.
constexpr uint64_t header_size = 36, largest_table = 16 << 20;
constexpr Field<uint32_t> table_length{4};

namespace root_pointer { // RSDP
constexpr uint64_t size = 36, size_v1 = 20;
constexpr Field<uint8_t> revision{15};
constexpr Field<uint32_t> rsdt{16};
constexpr Field<uint64_t> xsdt{24}; // from revision 2
} // namespace root_pointer

namespace fadt {
constexpr uint64_t size_v1 = 116;
constexpr Field<uint32_t> dsdt{40}, smi_command{48}, pm1a_control{64}, pm1b_control{68}, pm_timer{76}, flags{112};
constexpr Field<uint8_t> acpi_enable{52}, century{108}, reset_value{128};
constexpr Field<uint64_t> x_dsdt{140};
constexpr uint64_t reset_register = 116, x_pm_timer = 208; // generic addresses
constexpr uint32_t has_reset_register = 1 << 10;
} // namespace fadt

namespace madt {
constexpr uint64_t entries = 44;
constexpr Field<uint32_t> local_apic{36};
constexpr Field<uint8_t> entry_type{0}, entry_length{1};
} // namespace madt

constexpr uint64_t hpet_address = 40; // a generic address

// The address in a generic address structure (5.2.3.2) of the table; 0 if it is not in that space.
enum class Space : uint8_t { memory = 0, io = 1 };
uint64_t generic_address(Bytes table, uint64_t offset, Space space) {
    return Field<Space>{offset}(table) == space ? Field<uint64_t>{offset + 4}(table) : 0;
}

bool sums_to_zero(Bytes bytes) {
    uint8_t sum = 0;
    for (uint8_t byte : bytes) sum = static_cast<uint8_t>(sum + byte);
    return sum == 0;
}

// For good. Empty when there is no room.
Bytes map_bytes(uint64_t address, uint64_t size) {
    auto* start = static_cast<const uint8_t*>(map_firmware(MachAddr(address), size));
    return {start, start ? size : 0};
}

// A table whose checksum is right, or nothing.
Bytes map_table(uint64_t address) {
    uint64_t length = address ? table_length(map_bytes(address, header_size)) : 0;
    if (length < header_size || length > largest_table) return {};
    Bytes table = map_bytes(address, length);
    if (sums_to_zero(table)) return table;
    log(LogLevel::warning, "ACPI: the table at %lx has a wrong checksum and is ignored", address);
    return {};
}

// In the BIOS area or its extension, where the root pointer is when the loader did not pass it (ACPI 5.2.5.1). Or
// nothing.
Bytes find_root_pointer() {
    if (!boot_information.rsdp.empty()) return boot_information.rsdp;
    uint64_t extended = uint64_t{Field<uint16_t>{0}(map_bytes(0x40e, 2))} << 4;
    bool is_extended = extended >= 0x80000 && extended < 0xa0000;
    for (Bytes area : {map_bytes(extended, is_extended ? 1024 : 0), map_bytes(0xe0000, 0x20000)})
        for (; area.size() >= root_pointer::size; area = area.subspan(16))
            if (!memcmp(area.data(), "RSD PTR ", 8) && sums_to_zero(area.first(root_pointer::size_v1)))
                return area.first(root_pointer::size);
    return {};
}

// --- MADT ---

void add_cpu(uint32_t apic_id, uint32_t acpi_id, uint32_t flags) {
    if (!(flags & 1)) return;
    if (machine.cpu_count == max_cpus)
        return log(LogLevel::warning, "more than %u CPUs: APIC %u is not used", max_cpus, apic_id);
    machine.cpus[machine.cpu_count++] = {apic_id, acpi_id};
}

void read_io_apic(Bytes entry) {
    uint32_t address = Field<uint32_t>{4}(entry), first_gsi = Field<uint32_t>{8}(entry);
    if (!add_ioapic(MachAddr(address), first_gsi)) log(LogLevel::warning, "the IO-APIC at %x cannot be used", address);
}

// Flags: bits 0-1 polarity (3: low), bits 2-3 trigger (3: level), 0: as the bus (ISA: high, edge).
void read_source_override(Bytes entry) {
    uint16_t flags = Field<uint16_t>{8}(entry);
    override_isa_irq(Field<uint8_t>{3}(entry), Field<uint32_t>{4}(entry),
                     {.level = (flags >> 2 & 3) == 3, .active_low = (flags & 3) == 3});
}

constexpr struct {
    uint8_t type, size; // of the entry, at least
    void (*read)(Bytes entry);
} madt_entries[] = {
    {0, 8, [](Bytes apic) { add_cpu(Field<uint8_t>{3}(apic), Field<uint8_t>{2}(apic), Field<uint32_t>{4}(apic)); }},
    {1, 12, read_io_apic},
    {2, 10, read_source_override},
    {5, 12, [](Bytes address) { machine.local_apic = MachAddr(Field<uint64_t>{4}(address)); }},
    {9, 16, [](Bytes apic) { add_cpu(Field<uint32_t>{4}(apic), Field<uint32_t>{12}(apic), Field<uint32_t>{8}(apic)); }},
};

void read_madt(Bytes table) {
    if (table.size() < madt::entries || machine.has_madt) return;
    machine.has_madt = true;
    machine.local_apic = MachAddr(madt::local_apic(table));
    for (Bytes rest = table.subspan(madt::entries); rest.size() >= 2;) {
        uint8_t length = madt::entry_length(rest);
        if (length < 2 || length > rest.size()) break;
        for (auto& known : madt_entries)
            if (madt::entry_type(rest) == known.type && length >= known.size) known.read(rest.first(length));
        rest = rest.subspan(length);
    }
}

// --- the other tables ---

void read_power_off(Bytes definition_block) {
    if (power_control.has_s5 || definition_block.size() < header_size) return;
    if (auto type = find_s5(definition_block.subspan(header_size))) {
        power_control.s5_type_a = type->a;
        power_control.s5_type_b = type->b;
        power_control.has_s5 = true;
    }
}

void read_fadt(Bytes table) {
    if (table.size() < fadt::size_v1) return;
    power_control.pm1a_control = static_cast<uint16_t>(fadt::pm1a_control(table));
    power_control.pm1b_control = static_cast<uint16_t>(fadt::pm1b_control(table));
    power_control.smi_command = static_cast<uint16_t>(fadt::smi_command(table));
    power_control.acpi_enable = fadt::acpi_enable(table);
    uint64_t reset_port = generic_address(table, fadt::reset_register, Space::io);
    power_control.has_reset_register = reset_port && fadt::flags(table) & fadt::has_reset_register;
    power_control.reset_port = static_cast<uint16_t>(reset_port);
    power_control.reset_value = fadt::reset_value(table);
    uint64_t pm_timer = fadt::pm_timer(table);
    clock_sources.pm_timer_port =
        static_cast<uint16_t>(pm_timer ? pm_timer : generic_address(table, fadt::x_pm_timer, Space::io));
    clock_sources.century_register = fadt::century(table);
    uint64_t dsdt = fadt::x_dsdt(table);
    read_power_off(map_table(dsdt ? dsdt : fadt::dsdt(table)));
}

void read_hpet(Bytes table) {
    if (uint64_t address = generic_address(table, hpet_address, Space::memory)) clock_sources.hpet = MachAddr(address);
}

constexpr std::pair<const char*, void (*)(Bytes table)> tables[] = {
    {"APIC", read_madt}, {"FACP", read_fadt}, {"SSDT", read_power_off}, {"HPET", read_hpet}};

} // namespace

void read_acpi() {
    Bytes root = find_root_pointer();
    uint64_t xsdt = root_pointer::revision(root) >= 2 ? root_pointer::xsdt(root) : 0;
    size_t entry_size = xsdt ? 8 : 4;
    Bytes list = map_table(xsdt ? xsdt : root_pointer::rsdt(root));
    for (size_t at = header_size; at + entry_size <= list.size(); at += entry_size) {
        Bytes table = map_table(xsdt ? Field<uint64_t>{at}(list) : Field<uint32_t>{at}(list));
        for (auto [signature, read] : tables)
            if (!table.empty() && !memcmp(table.data(), signature, 4)) read(table);
    }
    if (!machine.has_madt) log(LogLevel::warning, "no ACPI interrupt table (MADT): one CPU, no device interrupts");
    const char* clock = clock_sources.hpet.value ? "HPET, " : clock_sources.pm_timer_port ? "PM timer, " : "";
    log(LogLevel::info, "ACPI: %u CPUs, %u interrupt lines, %s%s", machine.cpu_count, interrupt_line_count(), clock,
        power_control.has_s5 ? "power off by S5" : "no power off");
}

} // namespace skerry
