// SPDX-License-Identifier: MIT
// A whole start with a hostile kernel and ramdisk: it departs or gives everything back.
#include "tests/unit/pv-boot/fake_domain.h"

#include <cstdlib>

using namespace skerry::start_in_place;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::uint64_t pages = 6000, bundle_frame = 120, largest = 64 * page_bytes;
    if (size < 4 || size > largest) return 0;
    static skerry::test::FakeDomain domain(pages, bundle_frame + largest / page_bytes + 1); // made once: it is large
    const start_info_t info{};
    const std::size_t ramdisk_bytes = data[0] * std::size_t{16} < size - 1 ? data[0] * std::size_t{16} : 0;
    const Bytes whole = domain.place(bundle_frame, std::as_bytes(std::span(data + 1, size - 1)));
    Request request{whole.slice(0, whole.size() - ramdisk_bytes), Bytes(), {}};
    if (ramdisk_bytes != 0) request.ramdisk = whole.slice(whole.size() - ramdisk_bytes, ramdisk_bytes);
    request.inheritance.start_info = &info;
    const std::uint64_t before = domain.used_count();
    (void)start_in_place(domain, request);
    if (domain.used_count() != before) std::abort();
    return 0;
}
