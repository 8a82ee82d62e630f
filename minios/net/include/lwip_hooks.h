// SPDX-License-Identifier: MIT
// Where minios looks into lwIP (minios/net/hooks.cpp).
#ifndef SKERRY_LWIP_HOOKS_H
#define SKERRY_LWIP_HOOKS_H

#include <lwip/err.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pbuf;
struct tcp_hdr;
struct tcp_pcb;

err_t minios_lwip_tcp_segment(struct tcp_pcb* connection, const struct tcp_hdr* header, const struct pbuf* data);
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, hdr, optlen, opt1len, opt2, p) minios_lwip_tcp_segment(pcb, hdr, p)

#ifdef __cplusplus
}
#endif

#endif
