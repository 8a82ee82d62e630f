# SPDX-License-Identifier: MIT
# CivetWeb, an HTTP server as a library, unpatched: the pristine upstream tarball of Debian's source package. stubdoms/apps/http-server uses it.
CIVETWEB_PACKAGE := civetweb=1.15+dfsg-4
CIVETWEB_WORK := $(THIRD_PARTY)/civetweb
CIVETWEB_SOURCE := $(CIVETWEB_WORK)/source
CIVETWEB_FILES := $(CIVETWEB_SOURCE)/src/civetweb.c
CIVETWEB_FLAGS := -w -D__unix__ -I$(CIVETWEB_SOURCE)/include -DNO_SSL -DNO_CGI -DUSE_IPV6 -DNEED_TIMEGM
$(CIVETWEB_WORK)/version.txt: third-party/civetweb/build.mk third-party/fetch-source third-party/apt-local
	@echo "  FETCH   $(CIVETWEB_PACKAGE)"; third-party/fetch-source $(CIVETWEB_PACKAGE) $(CIVETWEB_WORK)
$(CIVETWEB_FILES): $(CIVETWEB_WORK)/version.txt ;
