# SPDX-License-Identifier: MIT
# libFuzzer target of the scheduler: operations on vCPUs in any order, on a simulated machine that checks each switch.
SCHEDULE_FUZZ_SOURCES := tests/fuzz/schedule/scheduler_fuzz.cpp tests/unit/schedule/simulated_machine.cpp \
    tests/unit/support/xen_core_host.cpp $(wildcard xen-core/schedule/*.cpp)

$(BUILD)/tests/fuzz/scheduler: $(SCHEDULE_FUZZ_SOURCES) $(wildcard xen-core/schedule/*.h xen-core/base/*.h tests/unit/schedule/*.h)
	@mkdir -p $(@D)
	$(CLANGXX) -std=gnu++20 -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    -DSKERRY_HOST=1 -DSKERRY_CHECK_LOCKS -D__XEN_TOOLS__ -Ixen-core -Itests/unit/schedule $(SCHEDULE_FUZZ_SOURCES) -lgtest -lpthread -o $@

FUZZ_TARGETS += $(BUILD)/tests/fuzz/scheduler
