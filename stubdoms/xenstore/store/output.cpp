// SPDX-License-Identifier: MIT
#include "output.h"

namespace skerry::xenstore {

void Output::add(Message message) {
    accounts_.charge(domain_, cost(message));
    bytes_ += message.bytes.size();
    answers_ += !message.event;
    messages_.push_back(std::move(message));
    if (messages_.back().event) events_.insert(messages_.back().bytes);
}

bool Output::add_event(std::string bytes) {
    if (events_.contains(bytes)) return false;
    add({std::move(bytes), true});
    return true;
}

std::string_view Output::next() const {
    return messages_.empty() ? std::string_view() : std::string_view(messages_.front().bytes).substr(sent_);
}

void Output::sent(std::size_t count) {
    while (count > 0 && !messages_.empty()) {
        if (sent_ == 0) forget_event();
        const std::size_t left = messages_.front().bytes.size() - sent_;
        const std::size_t now = count < left ? count : left;
        sent_ += now;
        count -= now;
        if (now == left) drop_first();
    }
}

/// The first message is on its way: what happens from now on is news.
void Output::forget_event() {
    if (!messages_.empty() && messages_.front().event) events_.erase(messages_.front().bytes);
}

void Output::drop_first() {
    const Message& first = messages_.front();
    accounts_.refund(domain_, cost(first));
    bytes_ -= first.bytes.size();
    answers_ -= !first.event;
    sent_ = 0;
    messages_.pop_front();
}

void Output::clear() {
    events_.clear();
    while (!messages_.empty()) drop_first();
}

} // namespace skerry::xenstore
