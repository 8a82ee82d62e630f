# SPDX-License-Identifier: MIT
# Targets of the whole tree: packages, run, iso, sizes, fuzz, lint, help.

# --- Debian packages -------------------------------------------------------------------------------------------------
# Make remakes the makefiles it includes before anything else, so what is missing is installed before the first compiler runs.
# With nothing missing this is a quick check; `make PACKAGES=no` skips it.
PACKAGE_GROUPS := build $(if $(filter test test-% bench% fuzz% lint sizes iso check,$(MAKECMDGOALS)),test)
PACKAGES_STAMP := $(BUILD)/packages-$(subst $() ,-,$(strip $(PACKAGE_GROUPS))).mk
ifneq ($(PACKAGES),no)
ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),all)),)
include $(PACKAGES_STAMP)
$(PACKAGES_STAMP): tools/packages.txt tools/install-packages
	@tools/install-packages $(PACKAGE_GROUPS) </dev/null
	@mkdir -p $(@D) && echo "# packages of tools/packages.txt are installed" > $@
endif
endif
