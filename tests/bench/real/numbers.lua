-- SPDX-License-Identifier: MIT
-- Floats, tables and the mathematics library: the spectral norm of a matrix, then a sum over sines and powers.
local function a(i, j) return 1 / ((i + j) * (i + j + 1) / 2 + i + 1) end
local function multiply(n, v, transposed)
    local result = {}
    for i = 0, n - 1 do
        local sum = 0
        for j = 0, n - 1 do sum = sum + (transposed and a(j, i) or a(i, j)) * v[j + 1] end
        result[i + 1] = sum
    end
    return result
end
local start = os.clock()
local n, u, v = 60, {}, nil
for i = 1, n do u[i] = 1 end
for _ = 1, 5 do
    v = multiply(n, multiply(n, u, false), true)
    u = multiply(n, multiply(n, v, false), true)
end
local uv, vv = 0, 0
for i = 1, n do uv, vv = uv + u[i] * v[i], vv + v[i] * v[i] end
assert(string.format("%.6f", math.sqrt(uv / vv)) == "1.274206", math.sqrt(uv / vv))
local sum = 0
for i = 1, 20000 do sum = sum + math.sin(i) * math.exp(-i / 10000) + i ^ 0.5 + math.log(i) end
assert(sum > 2e6 and sum < 2.2e6, sum)
print(string.format("bench: lua_numbers %d 1", math.floor((os.clock() - start) * 1e9)))
