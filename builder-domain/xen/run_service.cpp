// SPDX-License-Identifier: MIT
#include "builder-domain/roles.h"
#include "builder-domain/service/requests.h"
#include "builder-domain/xen/xen_hypervisor.h"

#include <minios/backends/state_area.h>
#include <minios/channel.h>
#include <minios/minios.h>

namespace skerry::builder {
namespace {

namespace channel_message = minios::channel_message;

char message[channel_message::most_bytes];
char answer_text[channel_message::most_bytes];

int fail(const char* what, const char* why) {
    minios::print("builder: FAILED: %s: %s\n", what, why);
    return 1;
}

// domain=<name>:<domid>
bool read_known(const char* word, KnownDomain& known, char (&name)[longest_name + 1]) {
    constexpr std::string_view key = "domain=";
    std::string_view text(word);
    if (!text.starts_with(key)) return false;
    size_t colon = text.find(':');
    if (colon == text.npos || colon - key.size() > longest_name) return false;
    const char* number = word + colon + 1;
    uint32_t domain;
    if (!minios::backends::parse_number(number, '\0', DOMID_FIRST_RESERVED - 1, domain)) return false;
    size_t length = colon - key.size();
    __builtin_memcpy(name, word + key.size(), length);
    name[length] = 0;
    known = {name, DomId(static_cast<domid_t>(domain))};
    return true;
}

void ring(minios::Port, void* served) { static_cast<minios::ServedChannel*>(served)->visit(); }

[[noreturn]] void serve(minios::Channel& channel, Requests& requests) {
    for (;;) {
        channel.wait_connected();
        long length = channel_message::receive(channel, message, sizeof message);
        if (length == channel_message::broken) continue;
        TextWriter answer(answer_text, sizeof answer_text);
        if (length == channel_message::too_long)
            answer << "error a message has at most " << sizeof message << " bytes";
        else
            requests.serve({message, static_cast<size_t>(length)}, answer);
        (void)channel_message::send(channel, answer_text, answer.view().size());
    }
}

} // namespace

int run_service(const ModuleSet& images, std::span<char* const> words) {
    static XenHypervisor hypervisor;
    static KnownDomains known;
    static char names[max_channels][longest_name + 1];
    minios::ChannelClient client;
    minios::Port builder_port;
    bool has_client = false;
    for (char* const word : words) {
        KnownDomain one;
        if (minios::parse_channel_client(word, client)) has_client = true;
        if (known.size() < max_channels && read_known(word, one, names[known.size()])) (void)known.push(one);
        if (const char* number = word; std::string_view(word).starts_with("builder=")) {
            number += 8;
            uint32_t port;
            if (minios::backends::parse_number(number, '\0', minios::backends::most_port, port))
                builder_port = minios::Port{port};
        }
    }
    if (!has_client) return fail("serving", "no domain has a channel to this builder");
    auto area = minios::backends::map_state_area(words);
    if (!area && area.error() != minios::Error::not_found)
        return fail("mapping the state area", minios::error_name(area.error()));
    static ImageStore store(area ? *area : std::span<std::byte>{}, images);
    static Requests requests(hypervisor, store, known, client.address.domain);
    static minios::ServedChannel served(client);
    if (builder_port.value != 0) minios::events::set_handler(builder_port, ring, &served);
    served.visit();
    minios::print("builder: serving domain %u, %lu images\n", client.address.domain.value, store.images().size());
    serve(served.channel(), requests);
}

} // namespace skerry::builder
