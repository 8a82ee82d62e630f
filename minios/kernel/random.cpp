// SPDX-License-Identifier: MIT
#include <minios/random.h>

#include "chacha.h"
#include "internal.h"

namespace minios::random {

namespace {

ChaChaKey key;
bool has_rdrand, has_rdseed, seeded, trusted;

struct Cpuid {
    std::uint32_t eax, ebx, ecx, edx;
};
Cpuid cpuid(std::uint32_t leaf) {
    Cpuid r{};
    asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(0));
    return r;
}

std::uint64_t time_stamp() {
    std::uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return std::uint64_t{high} << 32 | low;
}

/// All ones is what some processors say, as a success, when their generator is dead.
bool plausible(unsigned char good, std::uint64_t value) { return good != 0 && value != ~std::uint64_t{0}; }

bool read_rdrand(std::uint64_t& value) {
    constexpr int attempts = 10; // Intel's manual: ten failures in a row mean that it is broken
    for (int attempt = 0; has_rdrand && attempt < attempts; ++attempt) {
        unsigned char good;
        asm volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(good) : : "cc");
        if (plausible(good, value)) return true;
    }
    return false;
}

bool read_rdseed(std::uint64_t& value) {
    constexpr int attempts = 100; // it may run dry for a while, which is no fault
    for (int attempt = 0; has_rdseed && attempt < attempts; ++attempt) {
        unsigned char good;
        asm volatile("rdseed %0; setc %1" : "=r"(value), "=qm"(good) : : "cc");
        if (plausible(good, value)) return true;
        asm volatile("pause");
    }
    return false;
}

/// The next block of the generator; `fresh` takes part, and whatever it is, the block cannot be guessed by who does not know the
/// key.
ChaChaBlock next_block(std::uint32_t counter, std::uint64_t fresh) {
    const ChaChaNonce nonce{{static_cast<std::uint32_t>(fresh), static_cast<std::uint32_t>(fresh >> 32),
                             static_cast<std::uint32_t>(time_stamp())}};
    return chacha20_block(key, counter, nonce);
}

void replace_key(const ChaChaBlock& block) {
    for (int i = 0; i < 8; ++i) key.words[i] = block.words[i];
}

/// Adds 256 bits of a source to the key, and makes the next key of all of it.
void mix(bool (*read)(std::uint64_t& value)) {
    for (int i = 0; i < 8; i += 2) {
        std::uint64_t value;
        if (!read(value)) break;
        key.words[i] ^= static_cast<std::uint32_t>(value);
        key.words[i + 1] ^= static_cast<std::uint32_t>(value >> 32);
        trusted = true;
    }
    replace_key(next_block(0, time_stamp()));
}

void seed() {
    seeded = true;
    has_rdrand = (cpuid(1).ecx & 1u << 30) != 0;
    has_rdseed = (cpuid(7).ebx & 1u << 18) != 0;
    mix(read_rdseed);
    mix(read_rdrand);
}

std::uint64_t fresh_word() {
    std::uint64_t value = 0;
    return read_rdrand(value) ? value : 0;
}

} // namespace

bool fill(void* to, std::size_t size) {
    if (!seeded) seed();
    if (!trusted) return false;
    const std::uint64_t fresh = fresh_word();
    ChaChaBlock block = next_block(0, fresh);
    const ChaChaBlock first = block;
    std::uint32_t counter = 0;
    // Half of the first block is the next key, the other half and all others are given out.
    auto* bytes = static_cast<char*>(to);
    for (std::size_t done = 0, from = sizeof(ChaChaKey); done < size; from = 0) {
        if (done != 0) block = next_block(++counter, fresh);
        const std::size_t left = sizeof block - from, count = size - done < left ? size - done : left;
        __builtin_memcpy(bytes + done, reinterpret_cast<const char*>(&block) + from, count);
        done += count;
    }
    replace_key(first);
    return true;
}

/// Several words come from one block, each given out once.
std::uint64_t word() {
    static std::uint64_t words[4];
    static unsigned left;
    if (left == 0) {
        left = 4;
        if (!fill(words, sizeof words)) {
            const ChaChaBlock block = next_block(0, 0);
            __builtin_memcpy(words, block.words + 8, sizeof words);
            replace_key(block);
        }
    }
    const std::uint64_t given = words[--left];
    words[left] = 0;
    return given;
}

} // namespace minios::random
