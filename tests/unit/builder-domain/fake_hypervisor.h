// SPDX-License-Identifier: MIT
// A hypervisor made of ordinary memory, strict about what the builder may ask: frames have owners, tables are walked
// when they are pinned, a sealed domain's memory is out of reach. Any single call can be made to fail.
#pragma once

#include "builder-domain/create/hypervisor.h"
#include "builder-domain/create/new_domain.h"

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace skerry::builder {

class FakeHypervisor : public Hypervisor {
  public:
    using Page = std::array<std::byte, 4096>;
    struct Domain {
        unsigned vcpus = 0;
        uint64_t max_pages = 0;
        uint64_t map_bytes = 0; // that its memory map has; 0: it has none
        std::vector<uint64_t> p2m;
        uint64_t shared_info = 0;
        uint64_t grant_frame = 0;
        uint64_t pinned = 0;
        uint64_t hypercall_page = 0;
        vcpu_guest_context_t context{};
        bool has_context = false;
        std::vector<domid_t> ports; // the remote of port i + 1
        bool sealed = false, started = false;
        uint32_t flags = 0; // XEN_DOMINF_*
        std::vector<std::string> granted;
        std::map<domid_t, uint8_t> holders; // of rights over it, a bit each
        uint16_t weight = 256, cap = 0;
    };
    std::map<domid_t, Domain> domains;
    domid_t self = 0;   // who calls; of use when it is one of `domains`
    int fail_call = -1; // this call from now on fails with ENOMEM
    int calls = 0;
    bool large_extents = true;
    bool scattered = false;
    bool knows_seal = true;
    int lingering = 0; // how often one still sees a domain that was destroyed, because somebody maps its pages
    uint64_t free_frames = 1 << 20;

    long domctl(xen_domctl_t& operation) override;
    long sysctl(xen_sysctl_t& operation) override;
    long memory_op(unsigned command, void* argument) override;
    long mmuext_op(std::span<const mmuext_op_t> operations, DomId domain) override;
    long event_channel_op(int command, void* argument) override;
    long grant_table_op(unsigned command, void* operations, unsigned count) override;
    long physdev_op(int command, void* argument) override;
    long show(DomId domain, std::span<const Mfn> frames) override;
    long hide() override;
    std::byte* window() override { return window_.data(); }

    // Reading as the guest would: through its own page tables. The frame must be mapped.
    uint64_t entry_for(domid_t domain, uint64_t address) const;
    std::string read(domid_t domain, uint64_t address, size_t size) const;
    template <typename T> T read_as(domid_t domain, uint64_t address) const {
        T value;
        auto bytes = read(domain, address, sizeof(T));
        std::memcpy(&value, bytes.data(), sizeof(T));
        return value;
    }
    const Page& frame(uint64_t mfn) const { return *frames_.at(mfn).page; }

  private:
    long set_memory_map(const xen_foreign_memory_map_t& map);
    struct Frame {
        domid_t owner;
        std::unique_ptr<Page> page;
    };
    bool fails() { return calls++ == fail_call; }
    long destroy(domid_t domain);
    uint64_t allocate(domid_t owner);
    uint64_t walk(uint64_t root, uint64_t address) const;
    long check_tables(domid_t domain, uint64_t table, int level, std::map<uint64_t, int>& tables,
                      std::map<uint64_t, bool>& writable) const;
    void write_back();

    std::map<uint64_t, Frame> frames_;
    uint64_t next_frame_ = 0x1000;
    domid_t next_domain_ = 1;
    std::vector<std::byte> window_ = std::vector<std::byte>(window_pages * 4096);
    std::vector<uint64_t> shown_;
};

} // namespace skerry::builder
