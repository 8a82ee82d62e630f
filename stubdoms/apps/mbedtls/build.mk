# SPDX-License-Identifier: MIT
# mbedTLS: its self-test and some of its test suites as domains.
mbedtls_FLAGS := $(MBEDTLS_FLAGS)
# (The compiler does not say that it read the settings: a header of the system includes them.)
mbedtls_NEEDS := $(MBEDTLS_WORK)/version.txt third-party/mbedtls/skerry_config.h
mbedtls-test_NEEDS := $(mbedtls_NEEDS)
$(eval $(call skerry-library,mbedtls,$(MBEDTLS_FILES) stubdoms/apps/mbedtls/entropy.c))
mbedtls-test_FLAGS := $(MBEDTLS_FLAGS) -I$(MBEDTLS_SOURCE)/tests/include -I$(MBEDTLS_SOURCE)/library
$(eval $(call skerry-library,mbedtls-test,$(filter $(MBEDTLS_SOURCE)/tests/%,$(MBEDTLS_TEST_FILES))))
# $(call mbedtls-program,NAME,SOURCES,FLAGS,LIBRARIES)
define mbedtls-program
$(1)_FOR := test
$(1)_FLAGS := $$(MBEDTLS_FLAGS) $(3)
$(1)_NEEDS := $(mbedtls_NEEDS)
$(1)_LIBS := $(patsubst %,$(BUILD)/libraries/lib%.a,$(4))
$(1)_PREREQUISITES := $$($(1)_LIBS)
$$(eval $$(call skerry-program,$(1),$(2)))
endef
$(eval $(call mbedtls-program,mbedtls,$(MBEDTLS_SOURCE)/programs/test/selftest.c,,mbedtls))

MBEDTLS_TEST_SUITES := pkparse psa_its x509parse
MBEDTLS_LONG_TEST_SUITES := bignum.misc rsa ssl
define mbedtls-suite
$$(eval $$(call mbedtls-program,mbedtls-$(1),$(MBEDTLS_SUITES)/test_suite_$(1).c stubdoms/apps/lib/in_files.c,-Dmain=program_main \
    -I$(MBEDTLS_SOURCE)/tests/include -I$(MBEDTLS_SOURCE)/library,mbedtls-test mbedtls))
endef
$(foreach suite,$(MBEDTLS_TEST_SUITES) $(MBEDTLS_LONG_TEST_SUITES),$(eval $(call mbedtls-suite,$(suite))))
$(BUILD)/tests/system/real_programs_test: | $(BUILD)/apps/mbedtls $(addprefix $(BUILD)/apps/mbedtls-,$(MBEDTLS_TEST_SUITES))
test-programs-long: | $(addprefix $(BUILD)/apps/mbedtls-,$(MBEDTLS_LONG_TEST_SUITES))
