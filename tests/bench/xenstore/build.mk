# SPDX-License-Identifier: MIT
# The store's part of make bench: its client is a domain of its own.
$(eval $(call minios-program,xenstore-bench,tests/bench/xenstore/main.cpp))
.PHONY: bench-xenstore
bench-xenstore: $(BUILD)/xen-core $(BUILD)/builder-domain $(BUILD)/apps/xenstore $(BUILD)/xenstore-bench
	@tests/bench/run-xenstore $(BUILD)
