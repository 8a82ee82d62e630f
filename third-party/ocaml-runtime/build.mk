# SPDX-License-Identifier: MIT
# The runtime of OCaml's native code (libasmrun) for minios, unpatched, from the source of Debian's compiler: Debian's own archive wants glibc and
# uses the red zone. include/ is ours, in place of what configure finds out. What the compiler makes, and its stdlib.a, need no rebuilding: OCaml's
# code keeps above its stack pointer, uses no thread-local variables, and makes no calls but to the runtime and libm.
OCAML_PACKAGE := ocaml=4.13.1-4
OCAML_WORK := $(THIRD_PARTY)/ocaml-runtime
OCAML_SOURCE := $(OCAML_WORK)/source/runtime
# NATIVE_C_SOURCES of its Makefile.
OCAML_FILES := startup_aux startup_nat main fail_nat roots_nat signals signals_nat misc freelist major_gc minor_gc memory alloc compare ints floats str \
    array io extern intern hash sys parsing gc_ctrl eventlog md5 obj lexing unix printexc callback weak compact finalise custom globroots \
    backtrace_nat backtrace dynlink_nat debugger meta dynlink clambda_checks afl bigarray memprof domain skiplist codefrag
OCAML_OBJECTS := $(patsubst %,$(OCAML_WORK)/objects/%.o,$(OCAML_FILES) amd64)
OCAML_FLAGS := -O2 -g1 -w -DCAML_NAME_SPACE -fno-strict-aliasing -fwrapv -DCAMLDLLIMPORT= -DNATIVE_CODE -DTARGET_amd64 -DMODEL_default -DSYS_skerry \
    -Ithird-party/ocaml-runtime/include -Ithird-party/ocaml-runtime/include/caml -I$(OCAML_WORK)/generated -I$(OCAML_SOURCE)
LIBASMRUN := $(SDK)/lib/libasmrun.a

$(OCAML_WORK)/version.txt: third-party/ocaml-runtime/build.mk third-party/fetch-source third-party/apt-local
	@echo "  FETCH   $(OCAML_PACKAGE)"; third-party/fetch-source $(OCAML_PACKAGE) $(OCAML_WORK)
# Headers that its Makefile makes.
$(OCAML_WORK)/generated/ready: $(OCAML_WORK)/version.txt
	@mkdir -p $(@D)/caml
	@sh $(OCAML_WORK)/source/tools/make-version-header.sh $(OCAML_WORK)/source/VERSION > $(@D)/caml/version.h
	@printf '#define OCAML_STDLIB_DIR "/usr/lib/ocaml"\n#define HOST "x86_64-skerry"\n' > $(@D)/build_config.h
	@touch $@
$(OCAML_OBJECTS) $(OCAML_WORK)/objects/stack.o: $(SDK)/built/all $(OCAML_WORK)/generated/ready $(wildcard third-party/ocaml-runtime/include/caml/*.h)
$(OCAML_WORK)/objects/amd64.o:
	@mkdir -p $(@D)
	@echo "  OCAML   amd64.S"; $(SKERRY_CC) $(OCAML_FLAGS) -c $(OCAML_SOURCE)/amd64.S -o $@
$(OCAML_WORK)/objects/stack.o: third-party/ocaml-runtime/stack.c
	@mkdir -p $(@D)
	@$(SKERRY_CC) -O2 -Wall -Wextra -c $< -o $@
$(OCAML_WORK)/objects/%.o:
	@mkdir -p $(@D)
	@echo "  OCAML   $*.c"; $(SKERRY_CC) $(OCAML_FLAGS) -c $(OCAML_SOURCE)/$*.c -o $@
$(LIBASMRUN): $(OCAML_OBJECTS) $(OCAML_WORK)/objects/stack.o
	@rm -f $@
	ar rcs $@ $^

# $(eval $(call skerry-ocaml-program,NAME,SOURCES...)) makes build/apps/NAME (stripped) and build/apps/NAME.debug of .ml files, in their order.
# Not part of `all`: the compiler is large, and only tests and `make run APP=` install it.
# build/apps/NAME.gdb is the same with a gdb stub (minios/debug).
define skerry-ocaml-image
$(BUILD)/apps/$(1).debug: $(2) $(LIBASMRUN)
	@rm -rf $(BUILD)/obj/apps/$(1) && mkdir -p $$(@D) $(BUILD)/obj/apps/$(1) && cp $(2) $(BUILD)/obj/apps/$(1)/
	@echo "  OCAML   $(1)"; cd $(BUILD)/obj/apps/$(1) && \
	    $(abspath $(SDK))/bin/skerry-ocamlopt -g -o $(abspath $(BUILD))/apps/$(1).debug $(notdir $(2)) $(3)
$(BUILD)/apps/$(1): $(BUILD)/apps/$(1).debug
	@objcopy --strip-all $$< $$@

endef
define skerry-ocaml-program
SKERRY_PROGRAMS += $(1)
$(call skerry-ocaml-image,$(1),$(2),)
$(call skerry-ocaml-image,$(1).gdb,$(2),-lskerrygdb)
endef
