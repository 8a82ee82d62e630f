// SPDX-License-Identifier: MIT
#include "toolstack/domain/parts/channel_services.h"

#include <charconv>
#include <utility>

namespace skerry::toolstack {
namespace {

/// Takes the next word of `text`, up to a blank.
std::string_view next_word(std::string_view& text) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

template <class Number> Number number_of(std::string_view word, const char* what) {
    Number number{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size())
        throw Failure(code::internal, std::string(what) + ": " + quoted(word) + " is no number");
    return number;
}

} // namespace

std::vector<BuilderImage> ChannelBuilder::images() {
    const std::string text = client_.ask("images").body;
    std::vector<BuilderImage> all;
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line.empty()) continue;
        std::string name(next_word(line));
        all.push_back({std::move(name), number_of<std::uint64_t>(next_word(line), "the builder's list of images")});
    }
    return all;
}

void ChannelBuilder::drop_image(const std::string& name) { (void)client_.ask("drop " + name); }
void ChannelBuilder::begin_image(const std::string& name, std::uint64_t size) {
    (void)client_.ask("image " + name + " " + std::to_string(size));
}
void ChannelBuilder::image_data(std::string_view bytes) { (void)client_.ask("data", bytes); }

BuiltDomain ChannelBuilder::build(const std::string& section) {
    const std::string answer = client_.ask("build", section).line;
    std::string_view rest = answer;
    BuiltDomain built;
    built.id = number_of<DomainNumber>(next_word(rest), "the builder's answer");
    built.console_port = number_of<std::uint32_t>(next_word(rest), "the builder's answer");
    built.store_port = number_of<std::uint32_t>(next_word(rest), "the builder's answer");
    return built;
}

ChannelConsoles::ChannelConsoles(Monitor& monitor, Clock& clock, ChannelStream& stream)
    : client_(monitor, clock, stream, "console") {
    client_.on_unasked("output", [this](std::string_view name, std::string_view body) {
        if (const auto found = attached_.find(name); found != attached_.end()) found->second.output(body);
    });
    client_.on_unasked("ended", [this](std::string_view name, std::string_view) {
        const auto found = attached_.find(name);
        if (found == attached_.end()) return;
        const auto ended = std::move(found->second.ended);
        attached_.erase(found);
        ended();
    });
    client_.on_lost([this] {
        for (const auto& [name, attached] : std::exchange(attached_, {})) attached.lost();
    });
}

void ChannelConsoles::add(DomainNumber domain, std::uint32_t port, const std::string& name, bool again) {
    (void)client_.ask("add " + std::to_string(domain) + " " + std::to_string(port) + " " + name +
                      (again ? " again" : ""));
}
void ChannelConsoles::remove(DomainNumber domain) { (void)client_.ask("remove " + std::to_string(domain)); }
void ChannelConsoles::rename(const std::string& name, const std::string& new_name) {
    (void)client_.ask("rename " + name + " " + new_name);
}
void ChannelConsoles::finish(const std::string& name) { (void)client_.ask("finish " + name); }
std::string ChannelConsoles::log(const std::string& name, unsigned lines) {
    return client_.ask("log " + name + " " + std::to_string(lines)).body;
}
void ChannelConsoles::attach(const std::string& name, ConsoleViewer viewer) {
    attached_[name] = std::move(viewer); // before the answer: output may come right behind it
    try {
        (void)client_.ask("attach " + name);
    } catch (const Failure&) {
        attached_.erase(name);
        throw;
    }
}
void ChannelConsoles::detach(const std::string& name) {
    attached_.erase(name);
    (void)client_.ask("detach " + name);
}
std::size_t ChannelConsoles::input(const std::string& name, std::string_view bytes) {
    constexpr std::size_t most = 4096;
    bytes = bytes.substr(0, most);
    return std::min(number_of<std::size_t>(client_.ask("input " + name, bytes).line, "the console's answer"),
                    bytes.size());
}
void ChannelConsoles::show(const std::string& name) { (void)client_.ask("show " + name); }

} // namespace skerry::toolstack
