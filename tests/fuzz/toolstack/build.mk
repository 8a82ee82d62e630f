# SPDX-License-Identifier: MIT
# libFuzzer targets of the toolstack: what comes over the line, and the configuration files that skerry reads.
TOOLSTACK_FUZZ_FLAGS := -std=gnu++20 -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I.

$(BUILD)/tests/fuzz/toolstack-protocol: tests/fuzz/toolstack/protocol_fuzz.cpp $(addprefix toolstack/protocol/,frame.cpp message.cpp json.cpp) $(wildcard toolstack/protocol/*.h)
	@mkdir -p $(@D)
	$(CLANGXX) $(TOOLSTACK_FUZZ_FLAGS) $(filter %.cpp,$^) -o $@
$(BUILD)/tests/fuzz/toolstack-config: tests/fuzz/toolstack/config_fuzz.cpp $(wildcard toolstack/cli/config/*.cpp) toolstack/protocol/json.cpp $(wildcard toolstack/cli/config/*.h)
	@mkdir -p $(@D)
	$(CLANGXX) $(TOOLSTACK_FUZZ_FLAGS) $(filter %.cpp,$^) -o $@

FUZZ_TARGETS += $(addprefix $(BUILD)/tests/fuzz/toolstack-,protocol config)
