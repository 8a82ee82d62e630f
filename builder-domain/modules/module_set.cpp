// SPDX-License-Identifier: MIT
#include "builder-domain/modules/module_set.h"

#include "builder-domain/modules/cpio.h"

namespace skerry::builder {
namespace {

std::string_view name_of(std::string_view cmdline) {
    size_t end = cmdline.find_last_not_of(" \t");
    if (end == cmdline.npos) return {};
    cmdline = cmdline.substr(0, end + 1);
    size_t begin = cmdline.find_last_of(" \t/");
    return begin == cmdline.npos ? cmdline : cmdline.substr(begin + 1);
}

} // namespace

Status ModuleSet::add(std::string_view cmdline, Bytes bytes) {
    std::string_view name = name_of(cmdline);
    if (!CpioReader::recognises(bytes) || !(name.empty() || name.ends_with(".cpio"))) return add_named(name, bytes);
    if (!name.empty()) BUILDER_TRY(add_named(name, bytes)); // itself, to be passed on
    return add_archive(bytes);
}

Status ModuleSet::add_archive(Bytes archive) {
    CpioReader reader(archive);
    for (;;) {
        auto file = reader.next();
        BUILDER_TRY(file);
        if (!file.value()) return {};
        BUILDER_TRY(add_named(name_of(file.value()->name), file.value()->bytes));
    }
}

Status ModuleSet::add_named(std::string_view name, Bytes bytes) {
    if (name.empty()) return Failure() << "boot module " << modules_.size() << " has no name and is no cpio archive";
    if (find(name)) return Failure() << "two boot modules are named " << name.substr(0, 40);
    if (!modules_.push(Module{name, bytes})) return Failure() << "more than " << most_modules << " boot modules";
    return {};
}

const Module* ModuleSet::find(std::string_view name) const {
    for (const Module& module : modules_)
        if (module.name == name) return &module;
    return nullptr;
}

} // namespace skerry::builder
