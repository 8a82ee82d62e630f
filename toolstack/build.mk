# SPDX-License-Identifier: MIT
# The toolstack domain (build/toolstack, a program of the SDK) and skerry, the operator's command (build/skerry).
TOOLSTACK_PROTOCOL := $(wildcard toolstack/protocol/*.cpp)
TOOLSTACK_LOGIC    := $(filter-out toolstack/domain/xen/%,$(wildcard toolstack/domain/*/*.cpp))
TOOLSTACK_CLI      := $(wildcard toolstack/cli/*.cpp toolstack/cli/*/*.cpp)

# --- The domain --------------------------------------------------------------------------------------------------------
# nlohmann-json is headers only. Of /usr/include it alone may be seen: the rest is the host's C library.
JSON_HEADERS := $(BUILD)/toolstack-headers
$(JSON_HEADERS)/ready: toolstack/build.mk
	@mkdir -p $(@D) && ln -sfn /usr/include/nlohmann $(@D)/nlohmann && touch $@

toolstack_FLAGS := -isystem $(JSON_HEADERS) $(7zip_INCLUDE) -Werror
toolstack_LIBS := $(THIRD_PARTY)/7zip/lib.a
toolstack_PREREQUISITES := $(THIRD_PARTY)/7zip/lib.a
$(eval $(call skerry-program,toolstack,$(TOOLSTACK_PROTOCOL) $(TOOLSTACK_LOGIC) $(wildcard toolstack/domain/xen/*.cpp)))
$(toolstack_OBJECTS): $(JSON_HEADERS)/ready $(7zip_READY)

$(BUILD)/toolstack: $(BUILD)/apps/toolstack
	@cp $< $@
all: $(BUILD)/toolstack

# --- The command -------------------------------------------------------------------------------------------------------
# Without sanitizers: it is for use. Its parsers are tested and fuzzed with them (tests/unit/skerry, tests/fuzz/toolstack).
SKERRY_CXXFLAGS := -std=gnu++20 -O2 -g -Wall -Wextra -Werror -D_GLIBCXX_ASSERTIONS -MMD -MP -I. $(7zip_INCLUDE)
SKERRY_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/skerry/%.o,$(TOOLSTACK_PROTOCOL) $(TOOLSTACK_CLI))
$(SKERRY_OBJECTS): $(BUILD)/obj/skerry/%.o: %.cpp toolstack/build.mk | $(7zip_READY)
	@mkdir -p $(@D)
	@echo "  HOSTCXX $<"; $(HOST_CXX) $(SKERRY_CXXFLAGS) -c $< -o $@
SKERRY_SHA256 := $(patsubst %,$(BUILD)/obj/skerry/7zip/%.o,CpuArch Sha256 Sha256Opt)
$(SKERRY_SHA256): $(BUILD)/obj/skerry/7zip/%.o: $(7zip_READY) toolstack/build.mk
	@mkdir -p $(@D)
	@$(CC) -O2 -g -w $(7zip_INCLUDE) -c $(7zip_SOURCE)/C/$*.c -o $@
$(BUILD)/skerry: $(SKERRY_OBJECTS) $(SKERRY_SHA256)
	@echo "  LINK    $@"; $(HOST_CXX) -o $@ $^ -lpthread
all: $(BUILD)/skerry
-include $(SKERRY_OBJECTS:.o=.d)
