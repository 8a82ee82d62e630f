// SPDX-License-Identifier: MIT
#include "start_in_place.h"

#include "page_tables.h"

namespace skerry::start_in_place {
namespace {

constexpr unsigned alias_levels = 3;                            // tables of level 3, 2 and 1
constexpr unsigned first_alias_slot = 1, last_alias_slot = 255; // the lower half is all the guest's
constexpr std::uint64_t alias_entry = entry_present | entry_user | entry_accessed;

/// The three tables through which both address spaces map the hand-over page at the same address.
class Alias {
  public:
    explicit Alias(RunningDomain& domain) : domain_(domain), pages_(domain.allocate(alias_levels)) {}
    Alias(const Alias&) = delete;
    Alias& operator=(const Alias&) = delete;
    ~Alias() {
        if (pages_ != nullptr) domain_.release(pages_, alias_levels);
    }

    bool build(const StartImage& image) {
        auto* const root = reinterpret_cast<std::uint64_t*>(image.tables());
        for (slot_ = last_alias_slot; slot_ >= first_alias_slot; --slot_)
            if (root[slot_] == 0 && domain_.slot_is_free(slot_)) break;
        if (pages_ == nullptr || slot_ < first_alias_slot) return false;
        auto* const tables = reinterpret_cast<std::uint64_t*>(pages_);
        root[slot_] = make_entry(frame(0), kernel_entry);
        tables[0] = make_entry(frame(1), kernel_entry);
        tables[entries_per_table] = make_entry(frame(2), kernel_entry);
        tables[2 * entries_per_table] =
            make_entry(image.plan().machine_frame(image.layout().hand_over.first), alias_entry);
        return true;
    }

    std::byte* pages() const { return pages_; }
    unsigned slot() const { return slot_; }
    std::uint64_t frame(unsigned table) const {
        return domain_.machine_frame(domain_.frame_of(pages_ + table * page_bytes));
    }

  private:
    RunningDomain& domain_;
    std::byte* pages_;
    unsigned slot_ = 0;
};

/// Write protection of all the new tables, taken back unless kept.
class Protection {
  public:
    explicit Protection(RunningDomain& domain) : domain_(domain) {}
    Protection(const Protection&) = delete;
    Protection& operator=(const Protection&) = delete;
    ~Protection() {
        while (count_ != 0) {
            --count_;
            domain_.allow_writes(ranges_[count_].first, ranges_[count_].pages);
        }
    }
    bool add(std::byte* first, std::uint64_t pages) {
        if (pages == 0) return true;
        if (!domain_.write_protect(first, pages)) return false;
        ranges_[count_++] = {first, pages};
        return true;
    }

  private:
    struct Range {
        std::byte* first;
        std::uint64_t pages;
    };
    RunningDomain& domain_;
    Range ranges_[3];
    unsigned count_ = 0;
};

Result<void> depart(RunningDomain& domain, const StartImage& image, std::uint64_t entry) {
    Alias alias(domain);
    if (!alias.build(image))
        return Failure{"not enough memory or address space in this domain to leave the loader; pages", alias_levels};
    Protection protection(domain);
    const Layout& layout = image.layout();
    if (!protection.add(image.tables(), layout.tables.count) ||
        !protection.add(image.p2m_tables(), layout.p2m_tables.count) || !protection.add(alias.pages(), alias_levels))
        return Failure{"cannot make the kernel's page tables read-only; tables", layout.tables.count};
    const std::uint64_t root = image.root_machine_frame();
    if (const long status = domain.pin_root(root); status != 0)
        return Failure{"the hypervisor refuses the kernel's page tables; error", static_cast<std::uint64_t>(-status)};
    domain.leave(Departure{image, entry, domain.root_machine_frame(), root, alias.slot(), alias.frame(0)});
    if (domain.unpin(root) != 0) // only reached in tests
        return Failure{"the hypervisor keeps the kernel's page tables; root frame", root};
    return {};
}

} // namespace

Result<void> start_in_place(RunningDomain& domain, const Request& request) {
    Result<UnpackedKernel> unpacked = unpack(request.kernel, domain);
    if (!unpacked) return unpacked.failure();
    Result<ElfImage> image = ElfImage::parse(unpacked->file());
    if (!image) return image.failure();
    Result<Kernel> kernel = read_notes(unpacked->file(), *image);
    if (!kernel) return kernel.failure();
    StartImage start(domain);
    if (Result<void> built =
            start.build(*kernel, unpacked->file(), request.ramdisk, request.inheritance, domain.hypercall_page());
        !built)
        return built;
    return depart(domain, start, kernel->entry);
}

} // namespace skerry::start_in_place
