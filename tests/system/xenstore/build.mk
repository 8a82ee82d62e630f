# SPDX-License-Identifier: MIT
# What tests/system/xenstore_test.cpp boots: the demonstration guest's initramfs with Debian's xenstore-utils, whose start script is the check.
XENSTORE_GUEST := $(BUILD)/tests/xenstore-guest.cpio.gz
XENSTORE_GUEST_ROOT := $(XENSTORE_UTILS)/root
$(XENSTORE_GUEST): tests/system/xenstore/build.mk tests/system/xenstore/rc tests/system/xenstore/check tools/make-initramfs $(wildcard tools/initramfs/*) \
    $(DEBIAN)/busybox $(XENSTORE_UTILS)/version.txt
	@tools/make-initramfs $@ $(DEBIAN)/busybox tests/system/xenstore/rc=/etc/rc tests/system/xenstore/check=/bin/check \
	    $(foreach tool,xenstore xenstore-chmod xenstore-exists xenstore-list xenstore-ls xenstore-read xenstore-rm xenstore-watch xenstore-write,\
	        $(XENSTORE_GUEST_ROOT)/usr/bin/$(tool)=/usr/bin/$(tool)) \
	    $(XENSTORE_GUEST_ROOT)/usr/lib/x86_64-linux-gnu/libxenstore.so.4=/lib/x86_64-linux-gnu/libxenstore.so.4 \
	    $(XENSTORE_GUEST_ROOT)/usr/lib/x86_64-linux-gnu/libxentoolcore.so.1=/lib/x86_64-linux-gnu/libxentoolcore.so.1 \
	    $(XENSTORE_GUEST_ROOT)/lib/x86_64-linux-gnu/libc.so.6=/lib/x86_64-linux-gnu/libc.so.6 \
	    $(XENSTORE_GUEST_ROOT)/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2=/lib64/ld-linux-x86-64.so.2
$(BUILD)/tests/system/xenstore_test: | $(XENSTORE_GUEST) $(BUILD)/apps/xenstore
$(eval $(call minios-program,xenstore-client,tests/system/xenstore/client/main.cpp))
$(BUILD)/tests/system/xenstore_test: | $(BUILD)/xenstore-client
$(BUILD)/tests/system/control_plane_test: | $(BUILD)/tests/xenstore-guest.cpio.gz $(BUILD)/tests/watchdog-guest.cpio.gz $(BUILD)/xen-core \
    $(BUILD)/builder-domain $(BUILD)/console $(BUILD)/pv-boot $(BUILD)/apps/xenstore $(BUILD)/apps/hello-c $(BUILD)/apps/copy-input $(BUILD)/toolstack $(BUILD)/skerry

# The demonstration guest's initramfs and, behind it, Debian's modules for Xen's watchdog.
WATCHDOG_MODULES := $(DEBIAN)/modules/kernel/drivers/watchdog
$(BUILD)/tests/watchdog-guest.cpio.gz: $(INITRAMFS) tests/system/xenstore/build.mk $(DEBIAN_FILES)
	@tools/make-initramfs --bare $@.modules $(foreach module,watchdog xen_wdt,$(WATCHDOG_MODULES)/$(module).ko=/lib/$(module).ko)
	@cat $(INITRAMFS) $@.modules > $@
