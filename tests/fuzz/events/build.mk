# SPDX-License-Identifier: MIT
# libFuzzer target of the event channels: hostile operations on three connected domains, in both ABIs.
EVENTS_FUZZ_SOURCES := tests/fuzz/events/event_table_fuzz.cpp tests/unit/events/fake_domain.cpp tests/unit/support/xen_core_host.cpp \
    $(wildcard xen-core/events/*.cpp)

$(BUILD)/tests/fuzz/event-table: $(EVENTS_FUZZ_SOURCES) $(wildcard xen-core/events/*.h xen-core/base/*.h tests/unit/events/*.h)
	@mkdir -p $(@D)
	$(CLANGXX) -std=gnu++20 -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    -DSKERRY_HOST=1 -DSKERRY_CHECK_LOCKS -D__XEN_TOOLS__ -Ixen-core -Itests/unit/events $(EVENTS_FUZZ_SOURCES) -lgtest -lpthread -o $@

FUZZ_TARGETS += $(BUILD)/tests/fuzz/event-table
