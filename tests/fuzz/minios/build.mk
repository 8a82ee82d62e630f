# SPDX-License-Identifier: MIT
# libFuzzer target of the gdb stub: what comes over the debugger's line.
MINIOS_FUZZ_FLAGS := -std=gnu++20 -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -DSKERRY_HOST=1 -I. -Iminios/include

$(BUILD)/tests/fuzz/minios-gdb-packets: tests/fuzz/minios/gdb_packets_fuzz.cpp tests/unit/minios/debug/fake_target.cpp \
    $(addprefix minios/debug/,packet.cpp session.cpp) $(wildcard minios/debug/*.h tests/unit/minios/debug/*.h)
	@mkdir -p $(@D)
	$(CLANGXX) $(MINIOS_FUZZ_FLAGS) $(filter %.cpp,$^) -o $@

FUZZ_TARGETS += $(BUILD)/tests/fuzz/minios-gdb-packets
