// SPDX-License-Identifier: MIT
#include "block_records.h"

#include "internal.h"

#include <minios/regions.h>

namespace minios::debug_heap {

namespace {

constexpr std::size_t space = std::size_t{8} << 30, step = 64 * 1024; // address space: 70 million records

} // namespace

bool Records::start() {
    if (heads_ != nullptr) return true;
    auto heads = regions::map({.size = chains * sizeof(std::uint32_t)});
    if (!heads) return false;
    auto records = regions::map({.size = space, .protection = regions::Protection::none});
    if (!records) {
        (void)regions::unmap(*heads, chains * sizeof(std::uint32_t));
        return false;
    }
    heads_ = static_cast<std::uint32_t*>(*heads);
    records_ = static_cast<Record*>(*records);
    return true;
}

bool Records::make_room() {
    if ((used_ + 1) * sizeof(Record) <= memory_) return true;
    if (memory_ == space ||
        !regions::protect(reinterpret_cast<char*>(records_) + memory_, step, regions::Protection::read_write))
        return false;
    memory_ += step;
    return true;
}

std::uint32_t Records::add(std::uint64_t address) {
    if (!start()) return 0;
    std::uint32_t number = free_;
    if (number != 0)
        free_ = records_[number].next_in_queue;
    else if (make_room())
        number = used_++;
    else
        return 0;
    std::uint32_t& head = heads_[chain_of(address)];
    records_[number] = {};
    records_[number].address = address;
    records_[number].next_in_chain = head;
    head = number;
    return number;
}

void Records::remove(std::uint32_t number) {
    std::uint32_t* link = &heads_[chain_of(records_[number].address)];
    while (*link != number) link = &records_[*link].next_in_chain;
    *link = records_[number].next_in_chain;
    records_[number].address = 0;
    records_[number].next_in_queue = free_;
    free_ = number;
}

std::uint32_t Records::find(std::uint64_t address) const {
    if (heads_ == nullptr) return 0;
    std::uint32_t number = heads_[chain_of(address)];
    while (number != 0 && records_[number].address != address) number = records_[number].next_in_chain;
    return number;
}

std::uint32_t Records::find_around(std::uint64_t address) const {
    std::uint32_t found = 0;
    for (std::uint32_t number = 1; number < used_; ++number) {
        const Record& record = records_[number];
        if (record.address == 0 || address < record.first || address >= record.end) continue;
        if (found == 0 || record.address > records_[found].address) found = number;
    }
    return found;
}

} // namespace minios::debug_heap
