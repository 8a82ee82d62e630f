# SPDX-License-Identifier: MIT
# c-ares, the resolver behind getaddrinfo() and getnameinfo() (minios/net/names.cpp): Debian's source with Debian's security fixes. The two
# headers here stand in place of what its configure would make.
CARES_PACKAGE := c-ares=1.18.1-3
CARES_WORK := $(THIRD_PARTY)/c-ares
CARES_SOURCE := $(CARES_WORK)/source
CARES_FILES := ares__addrinfo2hostent ares__addrinfo_localhost ares__close_sockets ares__get_hostent ares__parse_into_addrinfo ares__read_line \
    ares__readaddrinfo ares__sortaddrinfo ares__timeval ares_cancel ares_create_query ares_data ares_destroy ares_expand_name ares_expand_string \
    ares_fds ares_free_hostent ares_free_string ares_freeaddrinfo ares_getaddrinfo ares_gethostbyaddr ares_gethostbyname ares_getnameinfo \
    ares_getsock ares_init ares_library_init ares_llist ares_mkquery ares_nowarn ares_options ares_parse_a_reply ares_parse_aaaa_reply \
    ares_parse_ptr_reply ares_process ares_query ares_search ares_send ares_strerror ares_strsplit ares_timeout ares_strdup ares_strcasecmp \
    bitncmp inet_net_pton inet_ntop
CARES_OBJECTS := $(patsubst %,$(CARES_WORK)/objects/%.o,$(CARES_FILES))
CARES_FLAGS := -DHAVE_CONFIG_H -DCARES_STATICLIB -Ithird-party/c-ares -I$(CARES_SOURCE)/include

$(CARES_WORK)/version.txt: third-party/c-ares/build.mk third-party/c-ares/ares_build.h third-party/fetch-source third-party/apt-local
	@echo "  FETCH   $(CARES_PACKAGE)"; third-party/fetch-source --patched $(CARES_PACKAGE) $(CARES_WORK)
	@cp third-party/c-ares/ares_build.h $(CARES_SOURCE)/include/ # it stands where c-ares looks first
$(CARES_OBJECTS): $(CARES_WORK)/objects/%.o: $(SDK)/built/files $(LWIP_HEADERS_READY) $(CARES_WORK)/version.txt $(wildcard third-party/c-ares/*.h)
	@mkdir -p $(@D)
	@echo "  C-ARES  $*.c"; $(SDK)/bin/skerry-cc -O2 -g1 -w -D_GNU_SOURCE $(CARES_FLAGS) -c $(CARES_SOURCE)/src/lib/$*.c -o $@
$(SDK)/lib/libcares.a: $(CARES_OBJECTS)
	@rm -f $@
	ar rcs $@ $^
