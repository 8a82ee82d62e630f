// SPDX-License-Identifier: MIT
// A client of the builder service, for the QEMU scenarios: sends the messages of its module, which `---` lines separate,
// over its channel, says each answer, and starts what was built.
// Messages of its own: `end N` waits for the end of domain N, `kill N` crashes the service, domain N, and waits for the next.
#include <minios/channel.h>
#include <minios/minios.h>

#include <string_view>

namespace {

using namespace minios;

char answer[channel_message::most_bytes + 1];

bool ask(Channel& channel, std::string_view message) {
    channel.wait_connected();
    if (!channel_message::send(channel, message.data(), message.size())) return false;
    const long length = channel_message::receive(channel, answer, channel_message::most_bytes);
    if (length < 0) return false;
    answer[length] = 0;
    return true;
}

void start(const char* text) {
    std::uint32_t domain;
    if (!backends::parse_number(text, ' ', 32767, domain)) return;
    xen_domctl_t operation{};
    operation.cmd = XEN_DOMCTL_unpausedomain;
    operation.domain = static_cast<domid_t>(domain);
    print("client: starting domain %u: %ld\n", domain, hypercall::domctl(operation));
}

std::uint32_t number_in(std::string_view message) {
    std::uint32_t number = 0;
    for (char c : message)
        if (c >= '0' && c <= '9') number = number * 10 + static_cast<std::uint32_t>(c - '0');
    return number;
}

/// Waits until the domain has shut down by itself, and destroys it.
void await_end(std::uint32_t domain) {
    xen_domctl_t operation{};
    do {
        clock::sleep_ms(10);
        operation = {};
        operation.cmd = XEN_DOMCTL_getdomaininfo;
        operation.domain = static_cast<domid_t>(domain);
        if (const long result = hypercall::domctl(operation); result < 0 || operation.domain != domain)
            return print("client: domain %u: %ld\n", domain, result);
    } while ((operation.u.getdomaininfo.flags & XEN_DOMINF_shutdown) == 0);
    const unsigned code = (operation.u.getdomaininfo.flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
    operation = {};
    operation.cmd = XEN_DOMCTL_destroydomain;
    operation.domain = static_cast<domid_t>(domain);
    print("client: domain %u ended with %u, destroyed: %ld\n", domain, code, hypercall::domctl(operation));
}

} // namespace

int main(int argc, char** argv) {
    static Channel channel;
    if (!open_channel(channel, {argv + 1, static_cast<std::size_t>(argc - 1)}, "builder")) panic("no channel");
    std::string_view messages;
    for (const Module& module : modules()) messages = {reinterpret_cast<const char*>(module.data), module.size};
    constexpr std::string_view separator = "---\n";
    while (!messages.empty()) {
        const std::size_t end = messages.find(separator);
        std::string_view message = messages.substr(0, end);
        if (message.starts_with("end ")) {
            await_end(number_in(message));
        } else if (message.starts_with("kill ")) {
            const unsigned generation = channel.generation();
            sched_remote_shutdown_t operation{static_cast<domid_t>(number_in(message)), SHUTDOWN_crash};
            print("client: killing the builder: %ld\n", hypercall::sched_op(SCHEDOP_remote_shutdown, &operation));
            wait_until(channel.changed(), [&] { return channel.generation() != generation && channel.connected(); });
            print("client: connected again\n");
        } else if (ask(channel, message)) {
            print("client: %s\n", answer);
            if (std::string_view(answer).starts_with("ok ")) start(answer + 3);
        } else {
            print("client: no answer\n");
        }
        messages = end == messages.npos ? std::string_view{} : messages.substr(end + separator.size());
    }
    for (;;) clock::sleep_ms(1000);
}
