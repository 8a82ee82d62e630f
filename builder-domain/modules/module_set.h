// SPDX-License-Identifier: MIT
// The boot modules by name. They come from the machine's operator (boot loader), not from a guest, and still every
// bound is checked, because a cut-off file is an everyday mistake.
//
// A module's name is the last word of what stood beside it at the boot loader, without its folder: "build/pv-boot" and
// "/boot/vmlinuz-6.1.0 vmlinuz" are named pv-boot and vmlinuz. A module that is a cpio archive ("newc", as `cpio -H
// newc` writes) and has no name, or one that ends in .cpio, stands for the regular files in it, and has its name as well: so one file can carry a
// whole platform, on hypervisors that hand over a single module too. (A guest's initramfs is an archive as well: its
// name must not end in .cpio.)
#pragma once

#include "builder-domain/base/fixed_list.h"
#include "builder-domain/base/result.h"

#include <cstdint>
#include <span>

namespace skerry::builder {

using Bytes = std::span<const std::byte>;

struct Module {
    std::string_view name;
    Bytes bytes;
};

class ModuleSet {
  public:
    static constexpr size_t most_modules = 64;

    // `cmdline` and `bytes` must outlive the set.
    Status add(std::string_view cmdline, Bytes bytes);
    Status add_named(std::string_view name, Bytes bytes); // whatever it is

    const Module* find(std::string_view name) const;
    std::span<const Module> modules() const { return modules_; }
    size_t size() const { return modules_.size(); }

  private:
    Status add_archive(Bytes archive);

    FixedList<Module, most_modules> modules_;
};

inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

} // namespace skerry::builder
