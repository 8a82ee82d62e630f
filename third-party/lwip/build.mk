# SPDX-License-Identifier: MIT
# lwIP, the TCP/IP stack of domains: the pristine upstream tarball of Debian's source package, with our minios/net/include.
LWIP_PACKAGE := lwip=2.1.3+dfsg1-2
LWIP_WORK := $(THIRD_PARTY)/lwip
LWIP_SOURCE := $(LWIP_WORK)/source/src
LWIP_FILES := core/init.c core/def.c core/dns.c core/inet_chksum.c core/ip.c core/mem.c core/memp.c core/netif.c core/pbuf.c core/raw.c \
    core/stats.c core/sys.c core/altcp.c core/altcp_alloc.c core/altcp_tcp.c core/tcp.c core/tcp_in.c core/tcp_out.c core/timeouts.c core/udp.c \
    core/ipv4/autoip.c core/ipv4/dhcp.c core/ipv4/etharp.c core/ipv4/icmp.c core/ipv4/igmp.c core/ipv4/ip4_frag.c core/ipv4/ip4.c \
    core/ipv4/ip4_addr.c core/ipv6/dhcp6.c core/ipv6/ethip6.c core/ipv6/icmp6.c core/ipv6/inet6.c core/ipv6/ip6.c core/ipv6/ip6_addr.c \
    core/ipv6/ip6_frag.c core/ipv6/mld6.c core/ipv6/nd6.c api/api_lib.c api/api_msg.c api/err.c api/if_api.c api/netbuf.c api/netdb.c \
    api/netifapi.c api/sockets.c api/tcpip.c netif/ethernet.c
LWIP_OBJECTS := $(patsubst %.c,$(LWIP_WORK)/objects/%.o,$(LWIP_FILES))

$(LWIP_WORK)/version.txt: third-party/lwip/build.mk third-party/fetch-source third-party/apt-local
	@echo "  FETCH   $(LWIP_PACKAGE)"; third-party/fetch-source $(LWIP_PACKAGE) $(LWIP_WORK)
# Its headers are part of the SDK: <sys/socket.h> includes them.
LWIP_HEADERS_READY := $(SDK)/built/lwip-headers
$(LWIP_HEADERS_READY): $(LWIP_WORK)/version.txt $(wildcard minios/net/include/*.h minios/net/include/arch/*.h)
	@mkdir -p $(SDK)/include
	@rm -rf $(SDK)/include/lwip $(SDK)/include/netif $(SDK)/include/arch
	@cp -R $(LWIP_SOURCE)/include/lwip $(LWIP_SOURCE)/include/netif minios/net/include/. $(SDK)/include/
	@mkdir -p $(@D) && touch $@
# Timers have memory of their own (minios/net/sys_arch.cpp): one that cannot be set again because everything else took the memory is the end.
$(LWIP_WORK)/objects/core/timeouts.o: LWIP_MORE := -Dmemp_malloc=minios_lwip_timer_allocate -Dmemp_free=minios_lwip_timer_release
$(LWIP_OBJECTS): $(LWIP_WORK)/objects/%.o: $(SDK)/built/files $(LWIP_HEADERS_READY) third-party/lwip/build.mk
	@mkdir -p $(@D)
	@echo "  LWIP    $*.c"; $(SDK)/bin/skerry-cc -O2 -g1 -w -fno-asynchronous-unwind-tables -include sys/ioctl.h -include sys/uio.h -include poll.h $(LWIP_MORE) -c $(LWIP_SOURCE)/$*.c -o $@
$(SDK)/lib/liblwip.a: $(LWIP_OBJECTS)
	@rm -f $@
	ar rcs $@ $^
