// SPDX-License-Identifier: MIT
#include "network.h"

#include <lwip_hooks.h>

#include <lwip/pbuf.h>
#include <lwip/prot/tcp.h>
#include <lwip/tcp.h>

namespace minios::net {

RefusalHandler refusal_handler;

} // namespace minios::net

namespace {

/// As lwIP itself judges it (tcp_process): the acknowledgement is of what was sent.
bool refuses(const struct tcp_pcb& connection, const struct tcp_hdr& header) {
    return connection.state == SYN_SENT && (TCPH_FLAGS(&header) & TCP_RST) != 0 && header.ackno == connection.snd_nxt;
}

} // namespace

/// With a receive window of zero lwIP answers even an empty segment that is exactly where it should be (RFC 9293, 3.10.7.4: it is
/// acceptable). When both ends have no window, the answers answer each other for ever, and over loopback nothing else gets a turn. A
/// window of one byte makes such a segment acceptable to lwIP too; what the window gains is capped when the program reads.
extern "C" err_t minios_lwip_tcp_segment(struct tcp_pcb* connection, const struct tcp_hdr* header,
                                         const struct pbuf* data) {
    using minios::net::refusal_handler;
    if (refusal_handler != nullptr && refuses(*connection, *header))
        refusal_handler(connection->local_port, connection->remote_ip, connection->remote_port);
    if (connection->state < ESTABLISHED) return ERR_OK; // a listening one is smaller
    if (connection->rcv_wnd == 0 && data->tot_len == 0 && header->seqno == connection->rcv_nxt) connection->rcv_wnd = 1;
    return ERR_OK;
}
