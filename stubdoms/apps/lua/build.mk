# SPDX-License-Identifier: MIT
# Lua's own interpreter as a domain:  make run APP=lua ARGS=/files/script.lua FILES=DIRECTORY
lua_FLAGS := -w
$(eval $(call skerry-program,lua,$(LUA_FILES)))
$(BUILD)/tests/system/programs_test: | $(BUILD)/apps/lua
