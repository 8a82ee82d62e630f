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
    const auto quarter = [&](int a, int b, int c, int d) {
        std::uint32_t* w = x.words;
        w[d] = rotate(w[d] ^ (w[a] += w[b]), 16);
        w[b] = rotate(w[b] ^ (w[c] += w[d]), 12);
        w[d] = rotate(w[d] ^ (w[a] += w[b]), 8);
        w[b] = rotate(w[b] ^ (w[c] += w[d]), 7);
    };
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < 4; ++i) quarter(i, 4 + i, 8 + i, 12 + i);
        for (int i = 0; i < 4; ++i) quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
    }
    for (int i = 0; i < 16; ++i) x.words[i] += start.words[i];
    return x;
}

} // namespace minios
