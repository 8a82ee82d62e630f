// SPDX-License-Identifier: MIT
// How lwIP is set up for minios. Everything comes from the heap, so that an idle stack takes next to nothing and a busy one what it
// needs; threads are cooperative, so nothing has to be protected from interrupts.
#ifndef SKERRY_LWIPOPTS_H
#define SKERRY_LWIPOPTS_H

#define NO_SYS 0
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_TCPIP_CORE_LOCKING 1
#define LWIP_COMPAT_MUTEX 0

#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 16
#define MEM_USE_POOLS 0
#define MEMP_NUM_NETCONN 512 // also the number of sockets
#define MEMP_NUM_TCP_PCB 512
#define MEMP_NUM_SYS_TIMEOUT 64

#define LWIP_IPV4 1
#define LWIP_IPV6 1
#define LWIP_ICMP 1
#define LWIP_RAW 1
#define LWIP_UDP 1
#define LWIP_TCP 1
#define LWIP_DHCP 1
#define LWIP_AUTOIP 0
#define LWIP_DNS 1
#define DNS_MAX_SERVERS 3
#define DNS_LOCAL_HOSTLIST 1
#define DNS_LOCAL_HOSTLIST_INIT                                                                                        \
    { DNS_LOCAL_HOSTLIST_ELEM("localhost", IPADDR4_INIT_BYTES(127, 0, 0, 1)) }
#define LWIP_IGMP 1
#define LWIP_IPV6_MLD 1
#define LWIP_IPV6_DHCP6 0
#define IPV6_FRAG_COPYHEADER 1 // pointers are larger than what reassembly may write over
#define LWIP_ETHERNET 1
#define LWIP_ARP 1

#define LWIP_HAVE_LOOPIF 1
#define LWIP_NETIF_LOOPBACK 1
#define LWIP_LOOPBACK_MAX_PBUFS 0 // no limit
#define LWIP_NETIF_LOOPBACK_MULTITHREADING 1
#define LWIP_NETIF_HOSTNAME 1
#define LWIP_NETIF_STATUS_CALLBACK 1
#define LWIP_NETIF_LINK_CALLBACK 1

// A local network of virtual machines: large windows, no delay for want of buffers.
// The largest segment is loopback's; other interfaces' limit theirs by their MTU. Loopback makes and checks no checksums.
#define TCP_MSS 8192
#define TCP_OVERSIZE 1460
#define PBUF_POOL_BUFSIZE 1600
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 3
#define TCP_WND (256 * 1024)
#define TCP_SND_BUF (256 * 1024)
#define TCP_SND_QUEUELEN ((4 * TCP_SND_BUF) / 1460)
#define TCP_SNDLOWAT (16 * 1024)
#define TCP_LISTEN_BACKLOG 1
#define TCP_QUEUE_OOSEQ 1
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_TIMESTAMPS 0
#define LWIP_TCP_KEEPALIVE 1
#define PBUF_POOL_SIZE 256

#define LWIP_NETCONN 1
#define LWIP_SOCKET 1
#define LWIP_COMPAT_SOCKETS 0 // names of our own: minios/net/sockets.cpp
#define LWIP_POSIX_SOCKETS_IO_NAMES 0
#define LWIP_SOCKET_OFFSET 0
#define LWIP_SOCKET_SELECT 0
#define LWIP_SOCKET_POLL 1
#define LWIP_SO_SNDTIMEO 1
#define LWIP_SO_RCVTIMEO 1
#define LWIP_SO_RCVBUF 1
#define LWIP_SO_LINGER 1
#define SO_REUSE 1
#define SO_REUSE_RXTOALL 1
#define LWIP_FIONREAD_LINUXMODE 1
#define LWIP_NETCONN_FULLDUPLEX 0
#define DEFAULT_UDP_RECVMBOX_SIZE 256
#define DEFAULT_TCP_RECVMBOX_SIZE 256
#define DEFAULT_RAW_RECVMBOX_SIZE 64
#define DEFAULT_ACCEPTMBOX_SIZE 128
#define TCPIP_MBOX_SIZE 1024
#define TCPIP_THREAD_NAME "tcpip"
#define TCPIP_THREAD_STACKSIZE (32 * 1024)
#define TCPIP_THREAD_PRIO 0

#define LWIP_TIMEVAL_PRIVATE 0
#define LWIP_ERRNO_STDINCLUDE 1
#define IN_ADDR_T_DEFINED 1
#define LWIP_HOOK_FILENAME "lwip_hooks.h"
#define LWIP_STATS 0
#define LWIP_RANDOMIZE_INITIAL_LOCAL_PORTS 1

#endif
