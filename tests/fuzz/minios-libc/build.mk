# SPDX-License-Identifier: MIT
# libFuzzer targets of the C library's parsers.
ARCHIVE_FUZZ_SOURCES := tests/fuzz/minios-libc/archive_readers_fuzz.cpp minios/libc/cpio_reader.cpp minios/libc/tar_reader.cpp
$(BUILD)/tests/fuzz/libc-archive-readers: $(ARCHIVE_FUZZ_SOURCES) $(wildcard minios/libc/*_reader.h) minios/libc/archive_entry.h
	@mkdir -p $(@D)
	$(CLANGXX) -std=gnu++20 -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I. \
	    $(ARCHIVE_FUZZ_SOURCES) -o $@

FUZZ_TARGETS += $(BUILD)/tests/fuzz/libc-archive-readers
