# SPDX-License-Identifier: MIT
# Lua 5.4, unpatched: the pristine upstream tarball of Debian's source package. stubdoms/apps/lua makes a domain of it.
LUA_PACKAGE := lua5.4=5.4.4-3+deb12u1
LUA_WORK := $(THIRD_PARTY)/lua
LUA_FILES := $(patsubst %,$(LUA_WORK)/source/src/%.c,lapi lauxlib lbaselib lcode lcorolib lctype ldblib ldebug ldo ldump lfunc lgc linit \
    liolib llex lmathlib lmem loadlib lobject lopcodes loslib lparser lstate lstring lstrlib ltable ltablib ltm lua lundump lutf8lib lvm lzio)
$(LUA_WORK)/version.txt: third-party/lua/build.mk third-party/fetch-source third-party/apt-local
	@echo "  FETCH   $(LUA_PACKAGE)"; third-party/fetch-source $(LUA_PACKAGE) $(LUA_WORK)
$(LUA_FILES): $(LUA_WORK)/version.txt ;
