# SPDX-License-Identifier: MIT
# libFuzzer target of the console domain: a hostile guest's page, and its command line.
CONSOLE_FUZZ_SOURCES := tests/fuzz/console/guest_page_fuzz.cpp $(addprefix stubdoms/console/,guest_ring.cpp multiplexer.cpp settings.cpp) \
    minios/backends/guest_address.cpp

$(BUILD)/tests/fuzz/console-guest-page: $(CONSOLE_FUZZ_SOURCES) $(wildcard stubdoms/console/*.h)
	@mkdir -p $(@D)
	$(CLANGXX) -std=gnu++20 -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    -DSKERRY_HOST=1 -I. -Iminios/include $(CONSOLE_FUZZ_SOURCES) -o $@

FUZZ_TARGETS += $(BUILD)/tests/fuzz/console-guest-page
