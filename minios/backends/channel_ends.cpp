// SPDX-License-Identifier: MIT
// Where a channel's ends come from: the page and port that this domain's builder made, or those of a client.
#include <minios/channel.h>
#include <minios/memory.h>
#include <minios/start.h>

namespace minios {

bool open_channel(Channel& channel, std::span<char* const> words, const char* name) {
    // The pages follow the console's, in the order of the words (docs/platform-description.md).
    std::uint64_t pfn = frames::pfn_of(Mfn{start_info().console.domU.mfn}).value;
    for (const char* word : words) {
        const char* at = backends::after_key(word, "channel=");
        if (at == nullptr) continue;
        ++pfn;
        const char* port = backends::after_key(at, name);
        if (port == nullptr || *port++ != ':') continue;
        std::uint32_t number;
        if (!backends::parse_number(port, '\0', backends::most_port, number) || number == 0) return false;
        channel.open(Channel::End::client, pages::address_of(Pfn{pfn}), Port{number});
        return true;
    }
    return false;
}

void ServedChannel::visit() {
    if (page_.attached() && !page_.peer_present()) {
        channel_.close();
        page_.detach();
    }
    if (!page_.attached() && page_.attach(client_.address, client_.reference, nullptr, nullptr))
        channel_.open(Channel::End::server, page_.data(), page_.port());
}

} // namespace minios
