// SPDX-License-Identifier: MIT
#include "toolstack/protocol/sha256.h"

#include <algorithm>

extern "C" {
#include <Sha256.h>
}

namespace skerry::protocol {

struct Sha256::State {
    CSha256 context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    [[maybe_unused]] static const bool prepared = (Sha256Prepare(), true);
    Sha256_Init(&state_->context);
}
Sha256::~Sha256() = default;

void Sha256::add(std::string_view bytes) {
    Sha256_Update(&state_->context, reinterpret_cast<const Byte*>(bytes.data()), bytes.size());
}

std::string Sha256::finish() {
    Byte digest[SHA256_DIGEST_SIZE];
    Sha256_Final(&state_->context, digest);
    std::string text;
    for (const Byte byte : digest) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

bool is_sha256(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(),
                                            [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

} // namespace skerry::protocol
