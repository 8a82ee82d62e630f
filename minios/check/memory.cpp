// SPDX-License-Identifier: MIT
#include "checks.h"

#include <new>

using namespace minios;

extern "C" char minios_zero_page[];

namespace {

constexpr std::size_t megabyte = 1 << 20;

void check_heap() {
    auto* block = static_cast<volatile char*>(malloc(4 * megabyte));
    CHECK(block != nullptr);
    const std::size_t before = heap::usage().backed;
    bool zero = true;
    for (std::size_t i = page_size; i < 4 * megabyte - page_size; i += page_size) zero = zero && block[i] == 0;
    report("unwritten heap reads as zero", zero);
    report("reading backs nothing", heap::usage().backed == before);
    constexpr std::uint64_t writable = 2;
    report("the zero page that is read then cannot be written",
           (page_table::entry_of(minios_zero_page) & writable) == 0);
    block[megabyte] = 7;
    report("a write backs one page",
           heap::usage().backed == before + 1 && block[megabyte] == 7 && block[megabyte + 1] == 0);
    // The hypervisor writes to a heap page that touch() made writable.
    auto* info = reinterpret_cast<xen_extraversion_t*>(const_cast<char*>(block) + 2 * megabyte);
    report("touch", heap::touch(info, sizeof *info) && hypercall::xen_version(XENVER_extraversion, info) == 0);
    free(const_cast<char*>(block));
    const std::size_t now = heap::usage().backed;
    auto* zeroed = static_cast<volatile char*>(calloc(4, megabyte));
    report("memory asked for as zero backs nothing",
           zeroed != nullptr && heap::usage().backed <= now + 4); // heads of blocks
    report("and is zero", zeroed[0] == 0 && zeroed[megabyte] == 0 && zeroed[2 * megabyte] == 0);
    free(const_cast<char*>(zeroed));
    CHECK(malloc(std::size_t{1} << 40) == nullptr);
    CHECK(new (std::nothrow) char[std::size_t{1} << 40] == nullptr);
    auto* aligned = static_cast<char*>(aligned_alloc(8192, 100));
    CHECK(aligned != nullptr && reinterpret_cast<std::uintptr_t>(aligned) % 8192 == 0);
    free(aligned);
}

void check_exhaustion() {
    const std::uint64_t free_before = frames::free_count();
    void* blocks[1024];
    std::size_t count = 0;
    while (count < 1024 && (blocks[count] = malloc(megabyte)) != nullptr)
        __builtin_memset(blocks[count++], 1, megabyte);
    print("heap: %lu MiB, then %lu frames left\n", count, frames::free_count());
    report("the heap takes what there is, then malloc fails", count >= free_before / 256 * 8 / 10 && count < 1024);
    for (std::size_t i = 0; i < count; ++i) free(blocks[i]);
    report("freed memory goes back to the domain", frames::free_count() >= free_before / 2);
}

void check_pages() {
    const std::uint64_t before = frames::free_count(), step = before / 64; // half of memory in all
    void* runs[8];
    bool good = true;
    for (std::size_t i = 0; i < 8; ++i) {
        runs[i] = pages::allocate(i * step + 1);
        good = good && runs[i] != nullptr && *static_cast<char*>(runs[i]) == 0;
        if (good) __builtin_memset(runs[i], 0xa5, (i * step + 1) * page_size);
    }
    report("pages: eight runs, half of memory", good);
    report("pages: frames and addresses agree", pages::address_of(pages::pfn_of(runs[7])) == runs[7] &&
                                                    frames::pfn_of(pages::mfn_of(runs[7])) == pages::pfn_of(runs[7]));
    for (std::size_t i = 0; i < 8; ++i) pages::release(runs[i], i * step + 1);
    report("pages: released (page tables stay)", before - frames::free_count() < before / 256 + 32);
    CHECK(pages::allocate(total_pages()) == nullptr);
}

void check_mappings() {
    auto* page = static_cast<char*>(pages::allocate());
    page[5] = 55;
    const Mfn mfn = pages::mfn_of(page);
    const Mfn both[] = {mfn, mfn};
    auto mapped = mapping::map_frames(dom_self, both, Access::read_only);
    report("map own frames", mapped.ok() && static_cast<char*>(*mapped)[page_size + 5] == 55);
    page[5] = 56;
    report("both mappings are one page", mapped.ok() && static_cast<char*>(*mapped)[5] == 56);
    mapping::unmap(*mapped, 2);
    report("unmapped", page_table::entry_of(*mapped) == 0);
    pages::release(page);
    auto foreign = mapping::map_range(DomId{77}, Mfn{1}, 1, Access::read_only);
    report("frames of a domain that does not exist are refused", !foreign.ok());
    print("refused with %s\n", error_name(foreign.error()));
}

__attribute__((noinline)) void write_beyond(std::size_t size) {
    char array[16];
    volatile char* byte = array;
    for (std::size_t i = 0; i < 2 * size; ++i) byte[i] = 'x';
}

} // namespace

void check_memory() {
    CHECK(page_table::count_writable_executable() == 0);
    check_heap();
    check_pages();
    check_mappings();
    check_exhaustion();
}

void die(std::string_view how) {
    auto* text = reinterpret_cast<volatile char*>(&check_memory);
    if (how == "text") text[0] = 0;
    if (how == "rodata") *const_cast<volatile char*>("constant") = 'x';
    if (how == "null") *reinterpret_cast<volatile int*>(0) = 1;
    if (how == "execute") {
        auto* code = static_cast<volatile char*>(malloc(64));
        code[0] = static_cast<char>(0xc3);
        reinterpret_cast<void (*)()>(const_cast<char*>(code))();
    }
    if (how == "double-free") {
        void* p = malloc(100);
        free(p);
        free(p);
    }
    if (how == "new")
        if (char* volatile p = new char[std::size_t{1} << 40]; p != nullptr) *p = 1;
    if (how == "smash") write_beyond(16);
    if (how == "boot-stack") print("read %d\n", *(static_cast<volatile char*>(__builtin_frame_address(0)) - 65536));
    if (how == "panic") panic("asked to");
    print("die=%.*s: survived\n", static_cast<int>(how.size()), how.data());
    shutdown(ShutdownReason::power_off);
}
