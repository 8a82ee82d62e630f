// SPDX-License-Identifier: MIT
#include <minios/backends/service_page.h>
#include <minios/channel.h>

namespace minios::backends {

const char* after_key(const char* word, const char* key) {
    for (; *key != 0; ++key, ++word)
        if (*word != *key) return nullptr;
    return word;
}

bool parse_number(const char*& text, char end, std::uint32_t most, std::uint32_t& value) {
    std::uint64_t number = 0;
    const char* start = text;
    for (; *text >= '0' && *text <= '9'; ++text) {
        number = number * 10 + static_cast<std::uint64_t>(*text - '0');
        if (number > most) return false;
    }
    if (text == start || *text != end) return false;
    ++text;
    value = static_cast<std::uint32_t>(number);
    return true;
}

namespace {

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
}

} // namespace

bool parse_name(const char* text, char (&name)[GuestAddress::longest_name + 1]) {
    std::size_t length = 0;
    for (; text[length] != 0; ++length)
        if (length == GuestAddress::longest_name || !is_name_character(text[length])) return false;
    if (length == 0) return false;
    for (std::size_t i = 0; i <= length; ++i) name[i] = text[i];
    return true;
}

bool parse_known_domain(const char* word, DomId& domain, char (&name)[GuestAddress::longest_name + 1]) {
    const char* text = after_key(word, "domain=");
    std::size_t length = 0;
    for (; text != nullptr && text[length] != 0 && text[length] != ':'; ++length)
        if (length == GuestAddress::longest_name || !is_name_character(text[length])) return false;
    if (text == nullptr || length == 0 || text[length] != ':') return false;
    const char* number = text + length + 1;
    std::uint32_t value;
    if (!parse_number(number, '\0', dom_first_reserved.value - 1u, value)) return false;
    for (std::size_t i = 0; i < length; ++i) name[i] = text[i];
    name[length] = 0;
    domain = DomId{static_cast<std::uint16_t>(value)};
    return true;
}

bool parse_guest_address(const char* text, GuestAddress& address) {
    std::uint32_t domain, port;
    if (!parse_number(text, ':', dom_first_reserved.value - 1u, domain) || !parse_number(text, ':', most_port, port) ||
        port == 0 || !parse_name(text, address.name))
        return false;
    address.domain = DomId{static_cast<std::uint16_t>(domain)};
    address.remote_port = Port{port};
    return true;
}

} // namespace minios::backends

namespace minios {

bool parse_channel_client(const char* word, ChannelClient& client) {
    const char* text = backends::after_key(word, "client=");
    std::uint32_t domain, port, reference;
    if (text == nullptr || !backends::parse_number(text, ':', dom_first_reserved.value - 1u, domain) ||
        !backends::parse_number(text, ':', backends::most_port, port) || port == 0 ||
        !backends::parse_number(text, ':', GNTTAB_NR_RESERVED_ENTRIES - 1, reference) ||
        !backends::parse_name(text, client.address.name))
        return false;
    client.address.domain = DomId{static_cast<std::uint16_t>(domain)};
    client.address.remote_port = Port{port};
    client.reference = GrantRef{reference};
    return true;
}

} // namespace minios
