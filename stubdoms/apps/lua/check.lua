-- SPDX-License-Identifier: MIT
-- What programs_test runs: the language, its library, and what they ask of the C library below. Says "lua: N checks passed" at the end.
local checks = 0
local function check(name, good)
    if not good then error("FAILED: " .. name, 2) end
    checks = checks + 1
end

-- Numbers: integers, floats, formatting and reading back, mathematics.
check("integer division and modulo", 7 // 2 == 3 and -7 // 2 == -4 and -7 % 3 == 2 and 7.5 // 2 == 3.0)
check("overflow wraps", math.maxinteger + 1 == math.mininteger)
check("format", string.format("%5.2f|%x|%q|%g", 3.14159, 255, "a\nb", 1e100) == ' 3.14|ff|"a\\\nb"|1e+100')
for _, number in ipairs { 0.1, 1 / 3, 2 ^ 53, 5e-324, 1.7976931348623157e308 } do
    check("numbers survive text", tonumber(string.format("%.17g", number)) == number)
end
check("mathematics", math.abs(math.sin(1) ^ 2 + math.cos(1) ^ 2 - 1) < 1e-15 and math.exp(math.log(10)) - 10 < 1e-14)

-- Strings and patterns.
check("patterns", ("key = value"):match("^(%w+)%s*=%s*(%w+)$") == "key" and ("hello"):gsub("l", "L") == "heLLo")
check("pack", string.unpack("<i4", string.pack("<i4", -123456)) == -123456)
check("UTF-8", utf8.len("größer") == 6 and utf8.char(8364) == "€")

-- Tables, closures, metatables, sorting.
local numbers = {}
for i = 1, 10000 do numbers[i] = (i * 7919) % 10007 end
table.sort(numbers)
for i = 2, #numbers do assert(numbers[i - 1] <= numbers[i]) end
check("sort", #numbers == 10000)
local vector = setmetatable({ 1, 2 }, { __add = function(a, b) return a[1] + b[1] end, __index = function(_, k) return k end })
check("metatables", vector + vector == 2 and vector.missing == "missing")

-- Garbage: far more in all than is there at any time.
for i = 1, 200000 do local garbage = { i, tostring(i), { i } } end
collectgarbage()
check("garbage is collected", collectgarbage("count") < 4000)

-- Coroutines, errors (setjmp and longjmp), a stack that overflows and comes back.
local generator = coroutine.wrap(function() for i = 1, 1000 do coroutine.yield(i) end end)
local sum = 0
for i in generator do sum = sum + i if i == 1000 then break end end
check("coroutines", sum == 500500)
local good, message = pcall(error, { code = 7 })
check("errors carry values", not good and message.code == 7)
local function forever(n) return 1 + forever(n + 1) end
good, message = pcall(forever, 1)
check("stack overflow is an error", not good and tostring(message):find("stack overflow"))
good, message = pcall(string.rep, "x", 1 << 30)
check("memory that is not there is an error", not good and tostring(message):find("memory"))

-- Files, time, environment.
local path = "/tmp/check.txt"
local file <close> = assert(io.open(path, "w+"))
for i = 1, 1000 do file:write(i, "\n") end
file:seek("set")
local lines = 0
for line in file:lines() do lines = lines + tonumber(line) end
check("files", lines == 500500 and os.rename(path, path .. "2") and os.remove(path .. "2") and not io.open(path))
check("errors of files", select(2, io.open("/none/x")) == "/none/x: No such file or directory")
check("time", os.time { year = 2001, month = 9, day = 9, hour = 1, min = 46, sec = 40 } == 1000000000 and os.time() > 1600000000)
check("no shell", os.execute() == false and os.getenv("NOT_THERE") == nil)
check("load", load("return 6 * 7")() == 42)

print("lua: " .. checks .. " checks passed")
