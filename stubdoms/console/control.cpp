// SPDX-License-Identifier: MIT
#include "control.h"

#include "settings.h"

namespace skerry::console {

using namespace minios;

namespace {

std::string_view take_word(std::string_view& text) {
    const std::size_t end = text.find(' ');
    const std::string_view word = text.substr(0, end);
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
    return word;
}

} // namespace

void Control::start(const ChannelClient& client) {
    static ServedChannel served(client);
    served_ = &served;
    if (!threads::create("requests", answer_requests, this) || !threads::create("viewers", send_output, this))
        panic("no memory to serve domain %u", client.address.domain.value);
    served_->visit();
}

void Control::answer_requests(void* control) { static_cast<Control*>(control)->serve(); }

void Control::serve() {
    Channel& channel = served_->channel();
    for (;;) {
        channel.wait_connected();
        const long length = channel_message::receive(channel, message_, sizeof message_);
        if (length == channel_message::broken) {
            detach_all(); // nobody looks any more
        } else if (length == channel_message::too_long) {
            answer("error that message is too long");
        } else {
            const std::string_view message(message_, static_cast<std::size_t>(length));
            const std::size_t end = message.find('\n');
            perform(message.substr(0, end), end == message.npos ? std::string_view{} : message.substr(end + 1));
        }
    }
}

void Control::perform(std::string_view line, std::string_view body) {
    const std::string_view verb = take_word(line);
    if (verb == "add") return add(line);
    if (verb == "log") return log(line);
    // The others are about one guest: by its number when it goes, else by its name.
    std::uint32_t number = 0;
    std::string_view rest = line;
    const std::string_view which = take_word(rest);
    Guest* guest = verb != "remove" ? service_.guests().find(which)
                   : parse_unsigned(which, UINT16_MAX, number)
                       ? service_.guests().find(DomId{static_cast<std::uint16_t>(number)})
                       : nullptr;
    if (verb != "remove" && verb != "attach" && verb != "detach" && verb != "finish" && verb != "input" &&
        verb != "rename" && verb != "show")
        return answer("error there is no such request");
    if (guest == nullptr) return answer("error no such domain is served");
    if ((verb == "remove" || verb == "rename") && !guest->added)
        return answer("error that domain belongs to the platform");
    if (verb == "input") return input(*guest, body);
    if (verb == "rename") return rename(*guest, rest);
    if (verb == "show") {
        service_.give_keyboard(*guest);
    } else if (verb == "attach") {
        attach(*guest);
        if (guest->viewer == nullptr) return answer("error no memory for a viewer");
    } else if (verb == "detach") {
        detach(*guest);
    } else if (verb == "finish") {
        finish(*guest);
    } else {
        forget(*guest);
    }
    answer("ok");
}

void Control::forget(Guest& guest) {
    finish(guest);
    service_.remove(guest);
}

/// Its viewer gets its last words, at most a ring full whatever it goes on writing, and is told that these were the last.
void Control::finish(Guest& guest) {
    if (guest.viewer == nullptr) return;
    constexpr std::size_t most = sizeof(xencons_interface::out);
    for (std::size_t taken = 0; taken < 2 * most && service_.take_words(guest); taken += sizeof guest.taken)
        while (show_to_viewer(guest)) {}
    while (show_to_viewer(guest)) {}
    char line[backends::GuestAddress::longest_name + 16];
    format_to(line, sizeof line, "ended %s", guest.address.name);
    (void)send(line, {});
    detach(guest);
}

/// Answers with how many of the bytes there was room for.
void Control::input(Guest& guest, std::string_view bytes) {
    if (guest.viewer == nullptr) return answer("error that domain is not attached to");
    char line[32];
    format_to(line, sizeof line, "ok %lu", guest.viewer->input.put(bytes.data(), bytes.size()));
    service_.turn(guest);
    answer(line);
}

/// For its viewer the guest of that name is at its end.
void Control::rename(Guest& guest, std::string_view name) {
    char text[backends::GuestAddress::longest_name + 1] = {}, checked[sizeof text];
    if (name.size() >= sizeof text) return answer("error that name cannot be a domain's");
    name.copy(text, sizeof text - 1);
    if (!backends::parse_name(text, checked)) return answer("error that name cannot be a domain's");
    if (service_.guests().find(name) != nullptr) return answer("error a domain of that name is served");
    finish(guest);
    service_.guests().rename(guest, checked);
    answer("ok");
}

void Control::add(std::string_view arguments) {
    std::uint32_t domain, port;
    backends::GuestAddress address;
    const bool numbers = parse_unsigned(take_word(arguments), dom_first_reserved.value - 1u, domain) &&
                         parse_unsigned(take_word(arguments), backends::most_port, port) && port != 0;
    char name[backends::GuestAddress::longest_name + 1] = {};
    const std::string_view word = take_word(arguments);
    const bool goes_on = arguments == "again";
    if (!numbers || word.size() >= sizeof name || (!arguments.empty() && !goes_on))
        return answer("error expected: add DOMID PORT NAME [again]");
    word.copy(name, sizeof name - 1);
    if (!backends::parse_name(name, address.name)) return answer("error that name cannot be a domain's");
    address.domain = DomId{static_cast<std::uint16_t>(domain)};
    address.remote_port = Port{port};
    if (auto added = service_.add(address, goes_on); !added) {
        char line[80];
        format_to(line, sizeof line, "error cannot serve domain %u: %s", domain, error_name(added.error()));
        return answer(line);
    }
    answer("ok");
}

void Control::log(std::string_view arguments) {
    const std::string_view name = take_word(arguments);
    std::uint32_t lines;
    ScrollBack scroll_back;
    if (const Guest* guest = service_.guests().find(name))
        scroll_back = guest->scroll_back;
    else if (!service_.guests().find_past(name, scroll_back))
        return answer("error no domain of that name is served, or was lately");
    if (!parse_unsigned(arguments, 1'000'000, lines)) return answer("error expected: log NAME LINES");
    answer("ok", {text_, scroll_back.last_lines(lines, text_, sizeof text_)});
}

void Control::attach(Guest& guest) {
    if (guest.viewer == nullptr) guest.viewer = heap::make<Viewer>();
    if (guest.viewer != nullptr) guest.viewer->progress_ns = clock::now_ns();
}

void Control::detach(Guest& guest) {
    if (guest.viewer != nullptr) heap::destroy(guest.viewer);
    guest.viewer = nullptr;
}

void Control::detach_all() {
    for (std::size_t i = 0; i < service_.guests().count(); ++i) detach(*service_.guests().at(i));
}

void Control::send_output(void* argument) {
    auto* control = static_cast<Control*>(argument);
    for (;;)
        if (!control->show_to_viewers()) (void)control->output_.wait();
}

/// Sends one message for each guest that has something; false when there is nothing to send.
bool Control::show_to_viewers() {
    bool any = false;
    for (std::size_t i = 0; i < service_.guests().count(); ++i) {
        if (sending_) { // whoever waits looks at all guests again: they, and their places in the list, may be others
            wait_for_turn();
            return true;
        }
        any |= show_to_viewer(*service_.guests().at(i));
    }
    return any;
}

/// One message; false when there is nothing to show, or nobody to show it to. What it takes is sent before anything else:
/// finish() may want to show what comes next.
bool Control::show_to_viewer(Guest& guest) {
    wait_for_turn();
    if (guest.viewer == nullptr || guest.viewer->output.empty()) return false;
    char line[backends::GuestAddress::longest_name + 16], bytes[1024];
    format_to(line, sizeof line, "output %s", guest.address.name);
    const std::size_t count = guest.viewer->output.peek(bytes, sizeof bytes);
    guest.viewer->output.drop(count);
    guest.viewer->progress_ns = clock::now_ns();
    service_.turn(guest);
    return send(line, {bytes, count});
}

/// Until nobody sends. Who does not wait for anything else then is the next to send.
void Control::wait_for_turn() {
    wait_until(sent_, [this] { return !sending_; });
}

void Control::answer(std::string_view line, std::string_view body) { (void)send(line, body); }

/// A line and, unless it is empty, a body behind its end, in one message; not mixed with another thread's.
bool Control::send(std::string_view line, std::string_view body) {
    char head[128];
    const std::size_t length = line.copy(head, sizeof head - 1);
    head[length] = '\n';
    wait_for_turn();
    sending_ = true;
    const bool sent =
        channel_message::send(served_->channel(), head, body.empty() ? length : length + 1, body.data(), body.size());
    sending_ = false;
    sent_.wake_one();
    return sent;
}

} // namespace skerry::console
