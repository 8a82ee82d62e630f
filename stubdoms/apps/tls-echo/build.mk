# SPDX-License-Identifier: MIT
# TLS between threads of one domain, over loopback.
$(eval $(call mbedtls-program,tls-echo,$(addprefix stubdoms/apps/tls-echo/,main.c endpoint.c server.c),,mbedtls))
$(BUILD)/tests/system/real_programs_test: | $(BUILD)/apps/tls-echo
