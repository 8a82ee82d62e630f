# SPDX-License-Identifier: MIT
# Debian's binaries that we boot but do not build: its kernel, its Xen (the reference that our tests are first run on), busybox.
DEBIAN := $(BUILD)/debian
DEBIAN_FILES := $(DEBIAN)/vmlinuz $(DEBIAN)/xen $(DEBIAN)/busybox

$(DEBIAN)/versions.txt: tools/debian-artefacts
	@tools/debian-artefacts $(DEBIAN)
$(DEBIAN_FILES): $(DEBIAN)/versions.txt ;

# The demonstration guest's initramfs: busybox and a shell on the console.
INITRAMFS := $(BUILD)/initramfs.cpio.gz
$(INITRAMFS): tools/make-initramfs $(wildcard tools/initramfs/*) $(DEBIAN)/busybox
	@tools/make-initramfs $@ $(DEBIAN)/busybox

.PHONY: debian
debian: $(DEBIAN_FILES) $(INITRAMFS)

# Debian's XenStore clients for Linux, with the libraries that they are linked to: what tests run inside a guest.
XENSTORE_UTILS := $(BUILD)/third-party/xenstore-utils
$(XENSTORE_UTILS)/version.txt: third-party/debian-binaries.mk third-party/fetch-binaries third-party/apt-local
	@third-party/fetch-binaries $(XENSTORE_UTILS) xenstore-utils libxenstore4 libxentoolcore1 libc6

# Debian's xl, xenstored and consoles, with the libraries that they are linked to: what Debian's Xen is measured with (tests/bench/xl).
XEN_TOOLS := $(BUILD)/third-party/xen-tools
XEN_TOOLS_PACKAGES := xen-utils-4.17 libxenmisc4.17 libxencall1 libxendevicemodel1 libxenevtchn1 libxenforeignmemory1 libxengnttab1 libxenhypfs1 \
    libxenstore4 libxentoolcore1 libxentoollog1 libc6 libgcc-s1 liblzma5 libuuid1 libyajl2 libzstd1 zlib1g
$(XEN_TOOLS)/version.txt: third-party/debian-binaries.mk third-party/fetch-binaries third-party/apt-local
	@third-party/fetch-binaries $(XEN_TOOLS) $(XEN_TOOLS_PACKAGES)
