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
