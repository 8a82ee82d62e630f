# SPDX-License-Identifier: MIT
# Tcl 8.6, unpatched: the pristine upstream tarball of Debian's source package, built by its own configure and makefile with the SDK's compiler.
# SQLite's test suite is written in it (stubdoms/apps/sqlite).
TCL_PACKAGE := tcl8.6=8.6.13+dfsg-2
TCL_WORK := $(THIRD_PARTY)/tcl
TCL_SOURCE := $(TCL_WORK)/source
TCL_ARCHIVE := $(TCL_WORK)/libtcl8.6.a
# What configure can only find out by running a program. It would take copies of its own of these functions.
TCL_FACTS := tcl_cv_strstr_unbroken=ok tcl_cv_strtoul_unbroken=ok tcl_cv_strtod_unbroken=ok tcl_cv_strtod_buggy=ok
$(TCL_WORK)/version.txt: third-party/tcl/build.mk third-party/fetch-source third-party/apt-local
	@echo "  FETCH   $(TCL_PACKAGE)"; third-party/fetch-source $(TCL_PACKAGE) $(TCL_WORK)
$(TCL_ARCHIVE): $(TCL_WORK)/version.txt $(NEWLIB_READY) | $(SDK)/built/all
	@echo "  TCL     its own configure and make"; cd $(TCL_SOURCE)/unix && \
	    { ./configure --host=x86_64-elf CC=$(abspath $(SDK))/bin/skerry-cc --disable-shared $(TCL_FACTS) && \
	      rm -f *.o && $(MAKE) CFLAGS_OPTIMIZE=-O1 libtcl8.6.a; } > ../../build.log 2>&1 </dev/null || \
	    { tail -n 5 ../../build.log >&2; exit 1; }
	@cp $(TCL_SOURCE)/unix/libtcl8.6.a $@
