// SPDX-License-Identifier: MIT
// Whatever a bundle contains, what it yields lies inside it, past the header, and apart.
#include "stubdoms/pv-boot/bundle_reader.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const skerry::start_in_place::Bytes module(std::as_bytes(std::span(data, size)));
    const auto contents = skerry::bundle::read(module);
    if (!contents) return 0;
    const auto inside = [&](skerry::start_in_place::Bytes part) {
        return part.data() >= module.data() + skerry::bundle::alignment &&
               part.data() + part.size() <= module.data() + module.size();
    };
    if (!inside(contents->kernel)) std::abort();
    if (contents->ramdisk.size() != 0 &&
        (!inside(contents->ramdisk) || (contents->ramdisk.data() < contents->kernel.data() + contents->kernel.size() &&
                                        contents->kernel.data() < contents->ramdisk.data() + contents->ramdisk.size())))
        std::abort();
    return 0;
}
