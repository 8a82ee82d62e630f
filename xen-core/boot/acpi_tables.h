// SPDX-License-Identifier: MIT
// The ACPI tables that xen-core reads, as the ACPI specification 6.4, chapter 5, lays them out.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace skerry::acpi {

struct [[gnu::packed]] RootPointer { // RSDP
    char signature[8];
    uint8_t checksum;
    char oem[6];
    uint8_t revision;
    uint32_t rsdt;
    // from revision 2
    uint32_t length;
    uint64_t xsdt;
    uint8_t extended_checksum;
    uint8_t reserved[3];
};
static_assert(sizeof(RootPointer) == 36);
inline constexpr size_t root_pointer_v1_size = 20;

struct [[gnu::packed]] Header {
    char signature[4];
    uint32_t length;
    uint8_t revision;
    uint8_t checksum;
    char oem[6];
    char oem_table[8];
    uint32_t oem_revision;
    uint32_t creator;
    uint32_t creator_revision;
};
static_assert(sizeof(Header) == 36);

struct [[gnu::packed]] GenericAddress {
    uint8_t space; // 0: memory, 1: I/O ports
    uint8_t bit_width;
    uint8_t bit_offset;
    uint8_t access_size;
    uint64_t address;
};
inline constexpr uint8_t space_memory = 0, space_io = 1;

struct [[gnu::packed]] Fadt {
    Header header;
    uint32_t facs, dsdt;
    uint8_t reserved1, profile;
    uint16_t sci_interrupt;
    uint32_t smi_command;
    uint8_t acpi_enable, acpi_disable, s4bios, pstate;
    uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer, gpe0, gpe1;
    uint8_t pm1_event_length, pm1_control_length, pm2_control_length, pm_timer_length, gpe0_length, gpe1_length,
        gpe1_base, cst;
    uint16_t c2_latency, c3_latency, flush_size, flush_stride;
    uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
    uint16_t boot_flags;
    uint8_t reserved2;
    uint32_t flags;
    GenericAddress reset_register;
    uint8_t reset_value;
    uint16_t arm_flags;
    uint8_t minor_version;
    uint64_t x_facs, x_dsdt;
    GenericAddress x_pm1a_event, x_pm1b_event, x_pm1a_control, x_pm1b_control, x_pm2_control, x_pm_timer;
};
static_assert(offsetof(Fadt, flags) == 112 && offsetof(Fadt, x_pm_timer) == 208);
inline constexpr uint32_t fadt_timer_is_32_bit = 1 << 8, fadt_has_reset_register = 1 << 10;
inline constexpr size_t fadt_v1_size = 116;

struct [[gnu::packed]] Madt {
    Header header;
    uint32_t local_apic;
    uint32_t flags;
};
struct [[gnu::packed]] MadtEntry {
    uint8_t type, length;
};
namespace madt {
inline constexpr uint8_t local_apic = 0, io_apic = 1, source_override = 2, local_apic_address = 5, local_x2apic = 9;
}
struct [[gnu::packed]] MadtLocalApic : MadtEntry {
    uint8_t processor, id;
    uint32_t flags; // bit 0: enabled
};
struct [[gnu::packed]] MadtIoApic : MadtEntry {
    uint8_t id, reserved;
    uint32_t address, first_gsi;
};
struct [[gnu::packed]] MadtOverride : MadtEntry {
    uint8_t bus, source;
    uint32_t gsi;
    uint16_t flags; // bits 0-1 polarity (3: low), bits 2-3 trigger (3: level), 0: as the bus (ISA: high, edge)
};
struct [[gnu::packed]] MadtLocalApicAddress : MadtEntry {
    uint16_t reserved;
    uint64_t address;
};
struct [[gnu::packed]] MadtLocalX2apic : MadtEntry {
    uint16_t reserved;
    uint32_t id;
    uint32_t flags;
    uint32_t processor;
};

struct [[gnu::packed]] Hpet {
    Header header;
    uint32_t event_block;
    GenericAddress address;
};

} // namespace skerry::acpi
