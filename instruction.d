instruction.o: xen-core/traps/instruction.cpp xen-core/base/hidden.h \
 xen-core/traps/instruction.h xen-core/arch/x86_64/register_frame.h \
 xen-core/base/types.h xen-core/base/result.h
xen-core/base/hidden.h:
xen-core/traps/instruction.h:
xen-core/arch/x86_64/register_frame.h:
xen-core/base/types.h:
xen-core/base/result.h:
