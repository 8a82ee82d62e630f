// SPDX-License-Identifier: MIT
#include "toolstack/domain/xen/message_channel.h"

namespace skerry::toolstack {

bool MessageChannel::open(std::span<char* const> words, const char* name) {
    return minios::open_channel(channel_, words, name);
}

void MessageChannel::listen(std::function<void(std::string_view)> message, std::function<void()> changed) {
    message_ = std::move(message);
    changed_ = std::move(changed);
    reader_ = std::thread([this] { read(); });
    writer_ = std::thread([this] { write(); });
}

bool MessageChannel::send(std::string_view message) {
    if (!connected_ || !output_.empty()) return false;
    output_.emplace_back(message);
    to_write_.wake_all();
    return true;
}

void MessageChannel::read() {
    std::string buffer(minios::channel_message::most_bytes, '\0');
    while (true) {
        channel_.wait_connected();
        {
            const auto lock = monitor_.enter();
            connected_ = true;
            ++connection_;
            changed_();
        }
        while (true) {
            const long size = minios::channel_message::receive(channel_, buffer.data(), buffer.size());
            if (size == minios::channel_message::broken) break;
            if (size < 0) continue; // too long: the answer that was due never comes, and the asker says so
            const auto lock = monitor_.enter();
            message_(std::string_view(buffer).substr(0, static_cast<std::size_t>(size)));
        }
        const auto lock = monitor_.enter();
        connected_ = false;
        output_.clear();
        changed_();
    }
}

void MessageChannel::write() {
    while (true) {
        minios::wait_until(to_write_, [this] { return !output_.empty(); });
        std::string message;
        {
            const auto lock = monitor_.enter();
            if (output_.empty()) continue;
            message = std::move(output_.front());
            output_.pop_front();
            changed_();
        }
        // A message that is cut off here went with its connection, which the reader tells of.
        (void)minios::channel_message::send(channel_, message.data(), message.size());
    }
}

} // namespace skerry::toolstack
