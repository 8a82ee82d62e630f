// SPDX-License-Identifier: MIT
#include "builder-domain/roles.h"
#include "builder-domain/service/requests.h"
#include "builder-domain/xen/xen_hypervisor.h"

#include <minios/backends/state_area.h>
#include <minios/channel.h>
#include <minios/minios.h>

namespace skerry::builder {
namespace {

namespace backends = minios::backends;
namespace channel_message = minios::channel_message;

char message[channel_message::most_bytes];
char answer_text[channel_message::most_bytes];

int fail(const char* what, const char* why) {
    minios::print("builder: FAILED: %s: %s\n", what, why);
    return 1;
}

// The founder rang: who went has been let go of when it hears from us.
void ring(minios::Port founder, void* served) {
    static_cast<minios::ServedChannel*>(served)->visit();
    (void)minios::events::notify(founder);
}

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
    minios::Port founder;
    bool has_client = false;
    for (const char* word : words) {
        DomId known_id;
        uint32_t port;
        has_client |= minios::parse_channel_client(word, client);
        if (known.size() < max_channels && backends::parse_known_domain(word, known_id, names[known.size()]))
            (void)known.push({names[known.size()], known_id}); // there is room
        if (const char* number = backends::after_key(word, "builder=");
            number && backends::parse_number(number, '\0', backends::most_port, port))
            founder = minios::Port{port};
    }
    if (!has_client) return fail("serving", "no domain has a channel to this builder");
    auto area = backends::map_state_area(words);
    if (!area && area.error() != minios::Error::not_found)
        return fail("mapping the state area", minios::error_name(area.error()));
    static ImageStore store(area ? *area : std::span<std::byte>{}, images);
    static Requests requests(hypervisor, store, known, client.address.domain);
    static minios::ServedChannel served(client);
    if (founder.value != 0) minios::events::set_handler(founder, ring, &served);
    served.visit();
    minios::print("builder: serving domain %u, %lu images\n", client.address.domain.value, store.images().size());
    serve(served.channel(), requests);
}

} // namespace skerry::builder
