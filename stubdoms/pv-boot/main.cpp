// SPDX-License-Identifier: MIT
// pv-boot: the first thing that runs in a guest's domain. It finds the guest's own kernel and ramdisk in the bundle
// that came as the domain's module, and starts the kernel in its place. It runs with the guest's rights and on the
// guest's account: whatever the bundle contains, the worst outcome is that this one domain ends, with a message on its
// console.
#include "bundle_reader.h"

#include "start_in_place/minios_domain.h"

#include <minios/minios.h>

namespace {

using namespace skerry;
using start_in_place::Bytes;
using start_in_place::Failure;

[[noreturn]] void give_up(Failure failure) {
    minios::print("pv-boot: %s %lu (0x%lx)\npv-boot: cannot start this domain's kernel\n", failure.what, failure.where,
                  failure.where);
    minios::shutdown(minios::ShutdownReason::crash);
}

Failure boot(Bytes module) {
    start_in_place::Result<bundle::Contents> contents = bundle::read(module);
    if (!contents) return contents.failure();
    start_in_place::Result<start_in_place::Inheritance> inheritance = start_in_place::inheritance_of_minios();
    if (!inheritance) return inheritance.failure();
    minios::print("pv-boot: kernel of %lu KiB, ramdisk of %lu KiB, domain of %lu MiB\n", contents->kernel.size() >> 10,
                  contents->ramdisk.size() >> 10, minios::total_pages() >> 8);
    start_in_place::MiniosDomain domain;
    return start_in_place::start_in_place(domain, {contents->kernel, contents->ramdisk, *inheritance}).failure();
}

} // namespace

int main(int, char**) {
    const auto modules = minios::modules();
    if (modules.empty()) give_up({"this domain was given no bundle; modules", 0});
    give_up(boot(Bytes(std::span<const std::byte>(modules[0].data, modules[0].size))));
}
