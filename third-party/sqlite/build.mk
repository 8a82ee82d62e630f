# SPDX-License-Identifier: MIT
# SQLite, unpatched: the pristine upstream tarball of Debian's source package, made into one file by its own rules (which need tclsh).
# stubdoms/apps/sqlite makes domains of it.
SQLITE_PACKAGE := sqlite3=3.40.1-2+deb12u2
SQLITE_WORK := $(THIRD_PARTY)/sqlite
SQLITE_SOURCE := $(SQLITE_WORK)/source
SQLITE_AMALGAMATION := $(SQLITE_WORK)/amalgamation
# One set of options for the shell and for every test program, so that the library is compiled once: what SQLite's own makefile gives to its
# shell and to fuzzcheck, less the loading of extensions.
SQLITE_FLAGS := -w -I$(SQLITE_AMALGAMATION) $(addprefix -DSQLITE_,ENABLE_FTS4 ENABLE_FTS3_PARENTHESIS ENABLE_FTS5 ENABLE_RTREE ENABLE_GEOPOLY \
    ENABLE_DBSTAT_VTAB ENABLE_BYTECODE_VTAB ENABLE_DBPAGE_VTAB ENABLE_STMTVTAB ENABLE_EXPLAIN_COMMENTS ENABLE_UNKNOWN_SQL_FUNCTION \
    ENABLE_OFFSET_SQL_FUNC ENABLE_MATH_FUNCTIONS ENABLE_MEMSYS5 MAX_MMAP_SIZE=0x7fff0000 PRINTF_PRECISION_LIMIT=1000 OMIT_LOAD_EXTENSION) \
    $(addprefix -DHAVE_,FDATASYNC GMTIME_R LOCALTIME_R LSTAT READLINK USLEEP) -DUSE_PREAD
SQLITE_FUZZCHECK_FILES := $(addprefix $(SQLITE_SOURCE)/,test/fuzzcheck.c test/ossfuzz.c test/fuzzinvariants.c test/vt02.c \
    ext/recover/dbdata.c ext/recover/sqlite3recover.c)
SQLITE_TEST_FILES := $(SQLITE_FUZZCHECK_FILES) $(SQLITE_SOURCE)/test/speedtest1.c

$(SQLITE_WORK)/version.txt: third-party/sqlite/build.mk third-party/fetch-source third-party/apt-local
	@echo "  FETCH   $(SQLITE_PACKAGE)"; third-party/fetch-source $(SQLITE_PACKAGE) $(SQLITE_WORK)
# (They include sqlite3.h.)
$(SQLITE_TEST_FILES): $(SQLITE_AMALGAMATION)/ready ;
$(SQLITE_AMALGAMATION)/ready: $(SQLITE_WORK)/version.txt
	@echo "  SQLITE  amalgamation"; rm -rf $(@D); mkdir -p $(@D)
	@cd $(@D) && MAKEFLAGS= $(MAKE) -f ../source/main.mk TOP=../source BCC="$(CC) -O1" TCC=false sqlite3.c shell.c > make.log 2>&1 || \
	    { tail -n 5 make.log >&2; exit 1; }
	@touch $@
$(SQLITE_AMALGAMATION)/sqlite3.c $(SQLITE_AMALGAMATION)/shell.c: $(SQLITE_AMALGAMATION)/ready ;
