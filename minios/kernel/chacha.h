// SPDX-License-Identifier: MIT
// The ChaCha20 block function (RFC 8439, 2.3), for the random number generator. Tested on the host with the RFC's vector.
#pragma once

#include <cstdint>

namespace minios {

struct ChaChaKey {
    std::uint32_t words[8];
};
struct ChaChaNonce {
    std::uint32_t words[3];
};
struct ChaChaBlock {
    std::uint32_t words[16];
};

inline ChaChaBlock chacha20_block(const ChaChaKey& key, std::uint32_t counter, const ChaChaNonce& nonce) {
    constexpr std::uint32_t constants[4] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}; // "expand 32-byte k"
    ChaChaBlock start, x;
    for (int i = 0; i < 4; ++i) start.words[i] = constants[i];
    for (int i = 0; i < 8; ++i) start.words[4 + i] = key.words[i];
    start.words[12] = counter;
    for (int i = 0; i < 3; ++i) start.words[13 + i] = nonce.words[i];
    x = start;
    const auto rotate = [](std::uint32_t v, int bits) { return v << bits | v >> (32 - bits); };
    // By reference to what the compiler then keeps in registers.
    const auto quarter = [&](std::uint32_t& a, std::uint32_t& b, std::uint32_t& c, std::uint32_t& d) {
        d = rotate(d ^ (a += b), 16);
        b = rotate(b ^ (c += d), 12);
        d = rotate(d ^ (a += b), 8);
        b = rotate(b ^ (c += d), 7);
    };
    auto& w = x.words;
    for (int round = 0; round < 10; ++round) {
        quarter(w[0], w[4], w[8], w[12]);
        quarter(w[1], w[5], w[9], w[13]);
        quarter(w[2], w[6], w[10], w[14]);
        quarter(w[3], w[7], w[11], w[15]);
        quarter(w[0], w[5], w[10], w[15]);
        quarter(w[1], w[6], w[11], w[12]);
        quarter(w[2], w[7], w[8], w[13]);
        quarter(w[3], w[4], w[9], w[14]);
    }
    for (int i = 0; i < 16; ++i) x.words[i] += start.words[i];
    return x;
}

} // namespace minios
