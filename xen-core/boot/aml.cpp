// SPDX-License-Identifier: MIT
#include "boot/aml.h"

#include <string.h>

namespace skerry {

namespace {

constexpr uint8_t one_op = 0x01, byte_prefix = 0x0a;
constexpr char name_and_package[] = "_S5_\x12"; // PackageOp follows the name

// Reads bytes that may end at any moment.
class Reader {
  public:
    explicit Reader(std::span<const uint8_t> code) : code_(code) {}

    uint8_t next() { return at_ < code_.size() ? code_[at_++] : (ended_ = true, uint8_t{0}); }
    // The length field of a package: its first byte says how many more there are.
    void skip_length() {
        for (unsigned more = next() >> 6; more; --more) next();
    }
    // ZeroOp, OneOp, or a byte with its prefix; larger ones do not occur here.
    uint16_t integer() {
        uint8_t op = next();
        return op == byte_prefix ? next() : op == one_op ? 1 : 0;
    }
    bool ended() const { return ended_; }

  private:
    std::span<const uint8_t> code_;
    size_t at_ = 0;
    bool ended_ = false;
};

} // namespace

std::optional<SleepType> find_s5(std::span<const uint8_t> code) {
    constexpr size_t pattern = sizeof(name_and_package) - 1;
    for (size_t i = 0; i + pattern <= code.size(); ++i) {
        if (memcmp(code.data() + i, name_and_package, pattern) != 0) continue;
        Reader reader(code.subspan(i + pattern));
        reader.skip_length();
        reader.next(); // the number of elements
        uint16_t a = reader.integer();
        uint16_t b = reader.integer();
        if (!reader.ended()) return SleepType{a, b};
    }
    return std::nullopt;
}

} // namespace skerry
