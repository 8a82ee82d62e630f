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

# Programs: the same source as a domain and as /init of Linux; a first domain that creates others; images to compare the sizes of.
BENCH_PROGRAM_SOURCES := $(wildcard tests/bench/programs/*.c)
BENCH_HOST_CC := $(CC) -O2 -static -Wall -Wextra -Werror
$(BUILD)/tests/bench/measure: $(BENCH_PROGRAM_SOURCES) tests/bench/programs/measure.h $(SDK_READY)
	@mkdir -p $(@D)
	@echo "  LINK    $@"; $(SKERRY_CC) -O2 -Wall -Wextra -Werror -s -o $@ $(BENCH_PROGRAM_SOURCES)
$(BUILD)/tests/bench/measure-process: $(BENCH_PROGRAM_SOURCES) tests/bench/programs/measure.h
	@mkdir -p $(@D)
	$(BENCH_HOST_CC) -o $@ $(BENCH_PROGRAM_SOURCES) -lpthread
$(BUILD)/tests/bench/measure.cpio.gz: $(BUILD)/tests/bench/measure-process tools/make-initramfs
	@tools/make-initramfs --bare $@ $<=/init
$(BUILD)/tests/bench/child: tests/bench/create/child.c $(SDK_READY)
	@mkdir -p $(@D)
	@echo "  LINK    $@"; $(SKERRY_CC) -O2 -Wall -Wextra -Werror -s -o $@ $<
$(BUILD)/tests/bench/child-process: tests/bench/create/child.c
	@mkdir -p $(@D)
	$(BENCH_HOST_CC) -s -o $@ $<
$(BUILD)/tests/bench/hello-c: stubdoms/apps/hello-c/hello.c
	@mkdir -p $(@D)
	$(BENCH_HOST_CC) -s -o $@ $<
$(BUILD)/tests/bench/hello-cxx: stubdoms/apps/hello-cxx/hello.cpp
	@mkdir -p $(@D)
	$(HOST_CXX) -std=gnu++20 -O2 -static -s -o $@ $<
$(eval $(call minios-program,tests/bench/create,tests/bench/create/main.cpp $(wildcard builder-domain/xen/*.cpp) $(BUILDER_LOGIC)))
BENCH_PROGRAMS := $(addprefix $(BUILD)/tests/bench/,measure measure.cpio.gz create child child-process hello-c hello-cxx) \
    $(BUILD)/apps/hello-c $(BUILD)/apps/hello-cxx $(DEBIAN)/vmlinuz

# Real programs: SQLite and Lua, as domains (stubdoms/apps) and, from the same sources, as static processes of Linux.
$(BUILD)/tests/bench/launcher: tests/bench/real/launcher.c
	@mkdir -p $(@D)
	$(BENCH_HOST_CC) -o $@ $<
$(BUILD)/tests/bench/speedtest1: $(SQLITE_SOURCE)/test/speedtest1.c $(SQLITE_AMALGAMATION)/sqlite3.c
	@mkdir -p $(@D)
	@echo "  HOSTCC  $@"; $(CC) -O2 -static $(SQLITE_FLAGS) -o $@ $^ -lm -lpthread
# Lua on both sides with the protection of stacks that Debian's packages and our SDK have, and without a random seed, from
# which its tables of strings collide a little more or less in each run.
BENCH_LUA_FLAGS := -w -fstack-protector-strong '-Dluai_makeseed(L)=0x5eed'
$(BUILD)/tests/bench/lua: $(LUA_FILES) tests/bench/build.mk
	@mkdir -p $(@D)
	@echo "  HOSTCC  $@"; $(CC) -O2 -static $(BENCH_LUA_FLAGS) -o $@ $(LUA_FILES) -lm 2> $@.warnings
bench-lua_FLAGS := $(BENCH_LUA_FLAGS)
bench-lua_NEEDS := tests/bench/build.mk
bench-lua_FOR := test
$(eval $(call skerry-program,bench-lua,$(LUA_FILES)))
BENCH_REAL := $(addprefix $(BUILD)/tests/bench/,launcher speedtest1 lua) $(BUILD)/apps/sqlite-speedtest1 $(BUILD)/apps/bench-lua $(DEBIAN)/vmlinuz

# The control plane and the store (tests/bench/plane, tests/bench/xenstore).
BENCH_PLANE := $(addprefix $(BUILD)/,xen-core builder-domain console apps/xenstore toolstack skerry pv-boot unikernel xenstore-bench)
BENCH_XL := $(DEBIAN)/xen $(DEBIAN)/busybox $(BUILD)/tests/bench/vmlinux $(BUILD)/unikernel $(XEN_TOOLS)/version.txt
BENCH_FILES := $(BENCH_GUEST) $(BUILD)/tests/bench/linux.cpio.gz $(BUILD)/tests/bench/vmlinux $(DEBIAN)/xen
.PHONY: bench bench-peer bench-programs bench-real-programs
# Each set of figures has a script and leaves build/bench/SET.json; bench.json is all of them.
bench: $(BUILD)/xen-core $(BENCH_FILES) $(BENCH_PROGRAMS) $(BENCH_REAL) $(BENCH_PLANE) $(BENCH_XL)
	@status=0; tests/bench/run-bench $(BUILD) || status=1; tests/bench/run-programs $(BUILD) || status=1; \
	    tests/bench/run-real-programs $(BUILD) || status=1; tests/bench/run-xenstore $(BUILD) || status=1; \
	    tests/bench/run-plane $(BUILD) || status=1; \
	    tests/bench/merge $(BUILD)/bench/*.json > $(BUILD)/bench.json; exit $$status
bench-programs: $(BUILD)/xen-core $(BENCH_PROGRAMS)
	@tests/bench/run-programs $(BUILD)
bench-real-programs: $(BUILD)/xen-core $(BENCH_REAL)
	@tests/bench/run-real-programs $(BUILD)
# Only the peer's figures: to look at the benchmark itself.
bench-peer: $(BENCH_FILES)
	@tests/bench/run-bench $(BUILD) peer
