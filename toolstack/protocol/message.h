// SPDX-License-Identifier: MIT
// Messages: the JSON texts that frames carry. One may span several frames.
//   request   {"method": "create", "params": {...}}
//   answer    {"result": ...}  or  {"error": {"code": "not-found", "message": "there is no domain `web`"}}
//   event     {"event": "progress", ...}
#pragma once

#include "toolstack/protocol/frame.h"
#include "toolstack/protocol/json.h"

#include <map>

namespace skerry::protocol {

inline constexpr std::size_t most_message = 1 << 20; ///< bytes of JSON
inline constexpr std::uint32_t first_credit = 65536; ///< bytes of data each end may send before any credit

/// Why a call failed: a code for programs, a sentence for people. The codes are listed in docs/api.md.
struct CallError : std::runtime_error {
    CallError(std::string code, const std::string& message) : std::runtime_error(message), code(std::move(code)) {}
    std::string code;
};

/// Appends a message as the frames that it takes.
void append_message(std::string& out, Kind kind, StreamId stream, std::string_view text);
inline void append_json(std::string& out, Kind kind, StreamId stream, const json::Value& value) {
    append_message(out, kind, stream, json::write(value));
}

struct Request {
    std::string method;
    json::Value params; ///< an object
};
json::Value request(std::string_view method, json::Value params);
json::Value result_answer(json::Value result);
json::Value error_answer(const CallError& error);
/// Throws CallError("bad-request").
Request read_request(std::string_view text);
/// The result; throws the CallError that the answer is, or "bad-answer".
json::Value read_answer(std::string_view text);

/// Puts the frames of messages together, for many streams.
class Assembler {
  public:
    /// The whole message when `frame` ends one. Throws CallError("bad-request") for one that is too long; its rest is
    /// then dropped.
    std::optional<std::string> take(const Frame& frame);
    void forget(StreamId stream) { parts_.erase(stream); }
    void clear() { parts_.clear(); }

  private:
    struct Part {
        Kind kind;
        std::string text;
        bool too_long = false;
    };
    static constexpr std::size_t most_parts = 64; ///< messages that are incomplete at the same time
    std::map<StreamId, Part> parts_;
};

} // namespace skerry::protocol
