-- SPDX-License-Identifier: MIT
-- Calls and integers.
local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
local start = os.clock()
assert(fib(24) == 46368)
print(string.format("bench: lua_fib %d 1", math.floor((os.clock() - start) * 1e9)))
