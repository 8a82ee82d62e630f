# SPDX-License-Identifier: MIT
# Duktape, a JavaScript engine, unpatched: the pristine upstream tarball of Debian's source package. stubdoms/apps/duktape makes domains of it.
DUKTAPE_PACKAGE := duktape=2.7.0-2
DUKTAPE_WORK := $(THIRD_PARTY)/duktape
DUKTAPE_SOURCE := $(DUKTAPE_WORK)/source
DUKTAPE_LIBRARY := $(DUKTAPE_SOURCE)/src/duktape.c
DUKTAPE_COMMAND_FILES := $(addprefix $(DUKTAPE_SOURCE)/,examples/cmdline/duk_cmdline.c extras/print-alert/duk_print_alert.c \
    extras/console/duk_console.c extras/logging/duk_logging.c extras/module-duktape/duk_module_duktape.c)
DUKTAPE_EVENT_LOOP_FILES := $(patsubst %,$(DUKTAPE_SOURCE)/examples/eventloop/%.c,main c_eventloop poll socket fileio)
$(DUKTAPE_WORK)/version.txt: third-party/duktape/build.mk third-party/fetch-source third-party/apt-local
	@echo "  FETCH   $(DUKTAPE_PACKAGE)"; third-party/fetch-source $(DUKTAPE_PACKAGE) $(DUKTAPE_WORK)
$(DUKTAPE_LIBRARY) $(DUKTAPE_COMMAND_FILES) $(DUKTAPE_EVENT_LOOP_FILES): $(DUKTAPE_WORK)/version.txt ;
