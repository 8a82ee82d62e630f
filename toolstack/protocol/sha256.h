// SPDX-License-Identifier: MIT
// SHA-256 (FIPS 180-4), computed by the LZMA SDK of Debian's 7-Zip source.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace skerry::protocol {

class Sha256 {
  public:
    Sha256();
    ~Sha256();
    void add(std::string_view bytes);
    /// 64 hexadecimal digits; once.
    std::string finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// 64 lower case hexadecimal digits?
bool is_sha256(std::string_view text);

} // namespace skerry::protocol
