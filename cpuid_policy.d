cpuid_policy.o: xen-core/traps/cpuid_policy.cpp xen-core/base/hidden.h \
 xen-core/traps/cpuid_policy.h xen-core/arch/x86_64/cpuid.h \
 xen-core/base/types.h
xen-core/base/hidden.h:
xen-core/traps/cpuid_policy.h:
xen-core/arch/x86_64/cpuid.h:
xen-core/base/types.h:
