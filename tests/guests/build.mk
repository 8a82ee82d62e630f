# SPDX-License-Identifier: MIT
# Tiny guests: each folder with a main.cpp becomes build/tests/guests/<behaviour>, a PV kernel linked with lib/.
GUEST_NAMES := $(filter-out lib,$(sort $(patsubst tests/guests/%/main.cpp,%,$(wildcard tests/guests/*/main.cpp))))
GUESTS      := $(GUEST_NAMES:%=$(BUILD)/tests/guests/%)

GUEST_FLAGS := -std=gnu++20 -O2 -g -Wall -Wextra -Werror -ffreestanding -fno-exceptions -fno-rtti -fno-pic -fno-pie -mcmodel=kernel \
               -mno-red-zone -mgeneral-regs-only -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
               -fno-threadsafe-statics -fno-toplevel-reorder -MMD -MP -Itests/guests -D__XEN_TOOLS__

GUEST_LIB := $(patsubst tests/%,$(BUILD)/obj/tests/%.o,$(wildcard tests/guests/lib/*.cpp tests/guests/lib/*.S))

$(BUILD)/obj/tests/guests/%.cpp.o: tests/guests/%.cpp
	@mkdir -p $(@D)
	@echo "  CXX $<"
	@$(CXX) $(GUEST_FLAGS) -c $< -o $@
$(BUILD)/obj/tests/guests/%.S.o: tests/guests/%.S
	@mkdir -p $(@D)
	@echo "  AS  $<"
	@$(CXX) -D__ASSEMBLY__ -MMD -MP -Itests/guests -c $< -o $@

define guest_rule
$(BUILD)/tests/guests/$(1): $(patsubst tests/%,$(BUILD)/obj/tests/%.o,$(wildcard tests/guests/$(1)/*.cpp tests/guests/$(1)/*.S)) \
        $(if $(wildcard tests/guests/$(1)/notes.S),$(filter-out %/lib/notes.S.o,$(GUEST_LIB)),$(GUEST_LIB)) tests/guests/lib/guest.lds
	@mkdir -p $$(@D)
	@ld -nostdlib -static -z noexecstack --no-warn-rwx-segments --build-id=none -T tests/guests/lib/guest.lds -o $$@ $$(filter %.o,$$^)
endef
$(foreach guest,$(GUEST_NAMES),$(eval $(call guest_rule,$(guest))))

-include $(shell find $(BUILD)/obj/tests/guests -name '*.d' 2>/dev/null)
.PHONY: guests
guests: $(GUESTS)
