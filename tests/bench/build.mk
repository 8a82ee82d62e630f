# SPDX-License-Identifier: MIT
# make bench: the benchmark guest and Debian's Linux on xen-core and on Debian's Xen, side by side.
BENCH_GUEST := $(BUILD)/tests/bench/guest
BENCH_GUEST_OBJECTS := $(patsubst tests/%,$(BUILD)/obj/tests/%.o,$(wildcard tests/bench/guest/*.cpp tests/bench/guest/*.S))
$(BUILD)/obj/tests/bench/%.cpp.o: tests/bench/%.cpp
	@mkdir -p $(@D)
	@echo "  CXX $<"
	@$(CXX) $(GUEST_FLAGS) -c $< -o $@
$(BUILD)/obj/tests/bench/%.S.o: tests/bench/%.S
	@mkdir -p $(@D)
	@echo "  AS  $<"
	@$(CXX) -D__ASSEMBLY__ -MMD -MP -Itests/guests -c $< -o $@
$(BENCH_GUEST): $(BENCH_GUEST_OBJECTS) $(GUEST_LIB) tests/guests/lib/guest.lds
	@mkdir -p $(@D)
	@ld -nostdlib -static -z noexecstack --no-warn-rwx-segments --build-id=none -T tests/guests/lib/guest.lds -o $@ $(filter %.o,$^)
-include $(BENCH_GUEST_OBJECTS:.o=.d)

# Linux: an ELF kernel, taken out of Debian's bzImage, and an initramfs whose /init is the measuring program alone.
$(BUILD)/tests/bench/init: tests/bench/linux/init.c
	@mkdir -p $(@D)
	$(CC) -O2 -static -Wall -Wextra -Werror -o $@ $<
$(BUILD)/tests/bench/linux.cpio.gz: $(BUILD)/tests/bench/init tools/make-initramfs
	@tools/make-initramfs --bare $@ $<=/init
$(BUILD)/tests/bench/vmlinux: $(DEBIAN)/vmlinuz tools/extract-vmlinux
	@mkdir -p $(@D)
	tools/extract-vmlinux $< $@

BENCH_FILES := $(BENCH_GUEST) $(BUILD)/tests/bench/linux.cpio.gz $(BUILD)/tests/bench/vmlinux $(DEBIAN)/xen
.PHONY: bench bench-peer
bench: $(BUILD)/xen-core $(BENCH_FILES)
	@tests/bench/run-bench $(BUILD)
# Only the peer's figures: to look at the benchmark itself.
bench-peer: $(BENCH_FILES)
	@tests/bench/run-bench $(BUILD) peer
