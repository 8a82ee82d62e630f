# SPDX-License-Identifier: MIT
# libFuzzer target of the XenStore server: clients' messages and a client's page, with restarts between.
XENSTORE_FUZZ_SOURCES := tests/fuzz/xenstore/messages_fuzz.cpp $(wildcard stubdoms/xenstore/store/*.cpp) minios/backends/journal.cpp

$(BUILD)/tests/fuzz/xenstore-messages: $(XENSTORE_FUZZ_SOURCES) $(wildcard stubdoms/xenstore/store/*.h) minios/include/minios/journal.h
	@mkdir -p $(@D)
	$(CLANGXX) -std=gnu++20 -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    -DSKERRY_HOST=1 -I. -Iminios/include $(XENSTORE_FUZZ_SOURCES) -o $@

FUZZ_TARGETS += $(BUILD)/tests/fuzz/xenstore-messages
