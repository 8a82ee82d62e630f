// SPDX-License-Identifier: MIT
#include "toolstack/protocol/message.h"

namespace skerry::protocol {

void append_message(std::string& out, Kind kind, StreamId stream, std::string_view text) {
    do {
        const std::string_view part = text.substr(0, most_payload);
        text.remove_prefix(part.size());
        append_frame(out, {kind, !text.empty(), stream, std::string(part)});
    } while (!text.empty());
}

json::Value request(std::string_view method, json::Value params) {
    json::Value value;
    value["method"] = method;
    value["params"] = std::move(params);
    return value;
}

json::Value result_answer(json::Value result) {
    json::Value value;
    value["result"] = std::move(result);
    return value;
}

json::Value error_answer(const CallError& error) {
    json::Value value;
    value["error"]["code"] = error.code;
    value["error"]["message"] = error.what();
    return value;
}

Request read_request(std::string_view text) {
    try {
        const json::Value value = json::parse(text, {.size = most_message});
        if (value.as_object() == nullptr) throw CallError("bad-request", "a request is an object");
        Request request{value.text_or("method", ""), json::Object{}};
        if (request.method.empty()) throw CallError("bad-request", "a request needs a \"method\"");
        for (const json::Member& member : *value.as_object()) {
            if (member.key == "method") continue;
            if (member.key != "params")
                throw CallError("bad-request", "a request has \"method\" and \"params\", not \"" + member.key + "\"");
            if (member.value.as_object() == nullptr) throw CallError("bad-request", "\"params\" is to be an object");
            request.params = member.value;
        }
        return request;
    } catch (const json::Error& error) { throw CallError("bad-request", error.what()); }
}

json::Value read_answer(std::string_view text) {
    try {
        const json::Value value = json::parse(text, {.size = most_message});
        if (const json::Value* error = value.find("error"))
            throw CallError(error->text_or("code", "bad-answer"),
                            error->text_or("message", "an error without message"));
        if (const json::Value* result = value.find("result")) return *result;
        throw CallError("bad-answer", "the toolstack's answer has neither result nor error");
    } catch (const json::Error& error) { throw CallError("bad-answer", error.what()); }
}

std::optional<std::string> Assembler::take(const Frame& frame) {
    auto found = parts_.find(frame.stream);
    if (found != parts_.end() && found->second.kind != frame.kind) {
        parts_.erase(found); // its rest was lost
        found = parts_.end();
    }
    if (found == parts_.end()) {
        if (!frame.more) return frame.payload;
        if (parts_.size() == most_parts) throw CallError("bad-request", "too many unfinished messages");
        found = parts_.emplace(frame.stream, Part{frame.kind, {}}).first;
    }
    Part& part = found->second;
    if (part.text.size() + frame.payload.size() > most_message) {
        part.too_long = true;
        part.text.clear();
    }
    if (!part.too_long) part.text += frame.payload;
    if (frame.more) return std::nullopt;
    const Part whole = std::move(part);
    parts_.erase(found);
    if (whole.too_long)
        throw CallError("bad-request", "a message of more than " + std::to_string(most_message) + " bytes");
    return whole.text;
}

} // namespace skerry::protocol
