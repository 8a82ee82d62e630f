# SPDX-License-Identifier: MIT
# build/xen-core        the hypervisor as a 32-bit ELF that multiboot loaders (QEMU -kernel, GRUB) start
# build/xen-core.debug  the same as a 64-bit ELF with symbols, for debuggers and tools/
#
# Linked twice: the first link fixes the addresses of all functions, from which the symbol table for panics is generated; it goes
# to the end of the read-only data, after all code, so the second link moves no function.

XC_SOURCES := $(sort $(wildcard xen-core/*/*.cpp xen-core/*/*/*.cpp))
XC_ASSEMBLY := $(sort $(wildcard xen-core/*/*.S xen-core/*/*/*.S))
XC_OBJECTS := $(XC_SOURCES:%.cpp=$(BUILD)/obj/%.o) $(XC_ASSEMBLY:%.S=$(BUILD)/obj/%.S.o)

XC_CPPFLAGS := -Ixen-core -include xen-core/base/hidden.h -DSKERRY_TARGET=1 -D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ -D__XEN_TOOLS__ \
               -MMD -MP
# No FPU or vector register is touched. (clang's <atomic> needs the type long double to exist; nothing uses it.)
XC_NO_FPU := $(if $(findstring clang,$(CXX)),-mno-sse -mno-mmx -mno-avx -mno-implicit-float,-mgeneral-regs-only)
# No frame pointers: every instruction of a hypercall is measured, and a panic's trace scans the stack instead.
XC_CXXFLAGS := -std=gnu++20 -O2 -g -ffreestanding -fno-exceptions -fno-rtti -mno-red-zone $(XC_NO_FPU) -fpie \
               -fvisibility=hidden -mcmodel=small -fno-stack-protector -fcf-protection=none -fno-threadsafe-statics \
               -fno-asynchronous-unwind-tables -fomit-frame-pointer -ffunction-sections -fdata-sections \
               -fno-strict-aliasing -fno-delete-null-pointer-checks -Wall -Wextra -Werror
XC_LDFLAGS := -nostdlib -static -no-pie -Wl,-z,max-page-size=4096,-z,noexecstack,--gc-sections,--build-id=none \
              -Wl,--orphan-handling=error -T xen-core/boot/xen-core.lds

$(BUILD)/obj/xen-core/%.o: xen-core/%.cpp xen-core/build.mk
	@mkdir -p $(@D)
	@echo "  CXX   $<"; $(CXX) $(XC_CPPFLAGS) $(XC_CXXFLAGS) -c $< -o $@

$(BUILD)/obj/xen-core/%.S.o: xen-core/%.S xen-core/build.mk
	@mkdir -p $(@D)
	@echo "  AS    $<"; $(CC) $(XC_CPPFLAGS) -g -c $< -o $@

XC_LINK = $(CXX) $(XC_LDFLAGS) $(XC_OBJECTS)
XC_INPUTS := $(XC_OBJECTS) xen-core/boot/xen-core.lds

$(BUILD)/xen-core.nosymbols: $(XC_INPUTS)
	@echo "  LINK  $@"; $(XC_LINK) -o $@

$(BUILD)/obj/xen-core/symbols.o: $(BUILD)/xen-core.nosymbols tools/core-symbols
	nm -C -n $< | tools/core-symbols | $(CC) -c -x assembler - -o $@

$(BUILD)/xen-core.debug: $(BUILD)/obj/xen-core/symbols.o $(XC_INPUTS)
	@echo "  LINK  $@"; $(XC_LINK) $< -o $@

# QEMU refuses a 64-bit ELF. The program headers carry the physical addresses, which is all that a boot loader looks at.
$(BUILD)/xen-core: $(BUILD)/xen-core.debug
	objcopy --strip-all -O elf32-i386 $< $@

all: $(BUILD)/xen-core

-include $(XC_OBJECTS:.o=.d)
