# SPDX-License-Identifier: MIT
$(eval $(call minios-program,console,$(wildcard stubdoms/console/*.cpp)))

all: $(BUILD)/console
