# SPDX-License-Identifier: MIT
# Duktape's command line as a domain, and its example of an event loop with sockets and timers.
duktape_FLAGS := -w -D__unix__ -I$(DUKTAPE_SOURCE)/src
duktape_NEEDS := $(DUKTAPE_WORK)/version.txt
duk_LIBS := $(BUILD)/libraries/libduktape.a
$(eval $(call skerry-library,duktape,$(DUKTAPE_LIBRARY)))
duk_FOR := test
duk_FLAGS := $(duktape_FLAGS) $(addprefix -I$(DUKTAPE_SOURCE)/,examples/cmdline extras/print-alert extras/console extras/logging \
    extras/module-duktape) $(patsubst %,-DDUK_CMDLINE_%_SUPPORT,PRINTALERT CONSOLE LOGGING MODULE)
duk_PREREQUISITES := $(duk_LIBS)
$(eval $(call skerry-program,duk,$(DUKTAPE_COMMAND_FILES)))
duk-event-loop_FOR := test
duk-event-loop_FLAGS := $(duktape_FLAGS) -Dmain=program_main
duk-event-loop_LIBS := $(duk_LIBS)
duk-event-loop_PREREQUISITES := $(duk_LIBS)
$(eval $(call skerry-program,duk-event-loop,$(DUKTAPE_EVENT_LOOP_FILES) stubdoms/apps/lib/in_files.c))
$(BUILD)/tests/system/real_programs_test: | $(BUILD)/apps/duk $(BUILD)/apps/duk-event-loop
