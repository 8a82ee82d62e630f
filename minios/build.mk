# SPDX-License-Identifier: MIT
# minios: the kernel as a static library, and the macro that makes a domain's image from a program's sources.
#
#   $(eval $(call minios-program,NAME,SOURCES...))
#
# makes build/NAME (stripped) and build/NAME.debug from C++, C or assembly SOURCES. Before the call, a fragment may set
#   NAME_CXXFLAGS, NAME_CFLAGS   more compiler options          NAME_LIBS   more archives or objects to link (also as prerequisites)
# Objects go to build/obj/minios-programs/NAME/, so programs may share sources.

MINIOS_FLAGS := -O2 -g -ffreestanding -fstack-protector-strong -mstack-protector-guard=global -fno-pic -fno-pie -mno-red-zone -mcmodel=small -fcf-protection=none \
    -fno-omit-frame-pointer -fno-optimize-sibling-calls -ffunction-sections -fdata-sections -Wall -Wextra -Werror -MMD -MP -Iminios/include -I.
MINIOS_CXXFLAGS := -std=gnu++20 $(MINIOS_FLAGS) -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-asynchronous-unwind-tables
MINIOS_CFLAGS := -std=gnu11 $(MINIOS_FLAGS) -fno-asynchronous-unwind-tables
# The kernel itself leaves vector registers alone: its page fault handler must not disturb the code it interrupts.
# (clang's -mgeneral-regs-only refuses even the declarations in libstdc++'s headers.)
MINIOS_KERNEL_CXXFLAGS := $(MINIOS_CXXFLAGS) $(if $(findstring clang,$(CXX)),-mno-sse -mno-mmx -mno-avx,-mgeneral-regs-only)

# MINIOS_DEBUG=1 (the default): the kernel walks its page tables at start and refuses to run with a page both writable and executable.
MINIOS_DEBUG ?= 1
MINIOS_KERNEL_CXXFLAGS += -DMINIOS_DEBUG=$(MINIOS_DEBUG)

MINIOS_SOURCES := $(wildcard minios/kernel/*.cpp minios/backends/*.cpp minios/xenbus/*.cpp minios/arch/x86_64/*.S)
MINIOS_OBJECTS := $(patsubst %,$(BUILD)/obj/%.o,$(basename $(MINIOS_SOURCES))) $(BUILD)/obj/minios/kernel-string.o
# For programs that a debugger looks at (minios/debug): instead of some members of libminios.
MINIOS_DEBUG_OBJECTS := $(patsubst %,$(BUILD)/obj/%.o,$(basename $(wildcard minios/debug/*.cpp minios/debug/*.S)))
# For programs without a C library: malloc, new, memcpy and the like (minios/libc has them for the others).
MINIOS_FREESTANDING_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/%.o,$(wildcard minios/freestanding/*.cpp))

# The kernel calls memcpy and its kind by names of its own (see minios/freestanding/string.cpp).
define minios-kernel-object
	@mkdir -p $(@D)
	$(CXX) $(MINIOS_KERNEL_CXXFLAGS) -c $< -o $@
	@objcopy --redefine-syms=minios/kernel-names $@
endef
MINIOS_KERNEL_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/%.o,$(wildcard $(addprefix minios/,kernel/*.cpp backends/*.cpp xenbus/*.cpp debug/*.cpp)))
$(MINIOS_KERNEL_OBJECTS): $(BUILD)/obj/%.o: %.cpp minios/build.mk minios/kernel-names
	$(minios-kernel-object)
$(BUILD)/obj/minios/kernel-string.o: minios/freestanding/string.cpp minios/build.mk minios/kernel-names
	$(minios-kernel-object)
$(MINIOS_FREESTANDING_OBJECTS): $(BUILD)/obj/%.o: %.cpp minios/build.mk
	@mkdir -p $(@D)
	$(CXX) $(MINIOS_KERNEL_CXXFLAGS) -c $< -o $@

$(patsubst %.S,$(BUILD)/obj/%.o,$(wildcard minios/arch/x86_64/*.S minios/debug/*.S)): $(BUILD)/obj/%.o: %.S minios/build.mk
	@mkdir -p $(@D)
	$(CC) -I. -MMD -MP -c $< -o $@

$(BUILD)/libminios.a: $(MINIOS_OBJECTS)
$(BUILD)/libminios-freestanding.a: $(MINIOS_FREESTANDING_OBJECTS)
$(BUILD)/libminios.a $(BUILD)/libminios-freestanding.a:
	@rm -f $@
	ar rcs $@ $^
$(BUILD)/minios-gdb-stub.o: $(MINIOS_DEBUG_OBJECTS)
	ld -r -o $@ $^
MINIOS_LIBRARIES := $(BUILD)/libminios.a $(BUILD)/libminios-freestanding.a

# Linked twice: the first time to learn how many pages the text has (see minios.ld) and where the functions are (make-symbols).
MINIOS_LD := ld -m elf_x86_64 -static -nostdlib --gc-sections -z noexecstack -z max-page-size=4096 --no-warn-rwx-segments --build-id=none -T minios/arch/x86_64/minios.ld

define minios-program-object
$(BUILD)/obj/minios-programs/$(1)/$(basename $(2)).o: $(2) minios/build.mk
	@mkdir -p $$(@D)
	$(if $(filter %.c %.S,$(2)),$$(CC) $(if $(filter %.S,$(2)),-MMD -MP,$$(MINIOS_CFLAGS) $$($(1)_CFLAGS)),$$(CXX) $$(MINIOS_CXXFLAGS) $$($(1)_CXXFLAGS)) -c $$< -o $$@
endef

define minios-program
$(1)_OBJECTS := $(patsubst %,$(BUILD)/obj/minios-programs/$(1)/%.o,$(basename $(2)))
$(foreach source,$(2),$(eval $(call minios-program-object,$(1),$(source))))

$(BUILD)/obj/minios-programs/$(1)/program_name.S:
	@mkdir -p $$(@D)
	@printf '.section .rodata\n.globl minios_program_name\nminios_program_name: .asciz "%s"\n.section .note.GNU-stack,"",@progbits\n' $(1) > $$@
$(BUILD)/obj/minios-programs/$(1)/program_name.o: $(BUILD)/obj/minios-programs/$(1)/program_name.S
	$$(CC) -c $$< -o $$@

$(BUILD)/$(1).debug: $$($(1)_OBJECTS) $(BUILD)/obj/minios-programs/$(1)/program_name.o $(MINIOS_LIBRARIES) $$($(1)_LIBS) minios/arch/x86_64/minios.ld minios/make-symbols
	@mkdir -p $$(@D)
	$$(MINIOS_LD) -o $$@.first $$(filter %.o,$$^) --start-group $$(filter %.a,$$^) --end-group
	@minios/make-symbols $$@.first | $$(CC) -c -x assembler - -o $$@.symbols.o
	@size=$$$$(objdump -h $$@.first | awk '$$$$2 == ".text" { print "0x" $$$$3 }'); \
	    $$(MINIOS_LD) --defsym=text_size=$$$$size -o $$@ $$(filter %.o,$$^) $$@.symbols.o --start-group $$(filter %.a,$$^) --end-group
	@rm -f $$@.first $$@.symbols.o
$(BUILD)/$(1): $(BUILD)/$(1).debug
	objcopy --strip-all $$< $$@

-include $$($(1)_OBJECTS:.o=.d)
endef

-include $(MINIOS_OBJECTS:.o=.d) $(MINIOS_DEBUG_OBJECTS:.o=.d) $(MINIOS_FREESTANDING_OBJECTS:.o=.d)

-include minios/libc/build.mk

# A program that shows and checks the kernel: see tests/unit/minios for what runs on the host.
$(eval $(call minios-program,minios-check,$(wildcard minios/check/*.cpp)))
