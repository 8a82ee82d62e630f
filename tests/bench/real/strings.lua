-- SPDX-License-Identifier: MIT
-- Text: building, formatting, searching, splitting, sorting, hashing; and the garbage that it makes.
local start = os.clock()
local parts = {}
for i = 1, 6000 do parts[i] = string.format("%05d:%s:%.3f", i * 7919 % 20011, string.rep("x", i % 40), i / 7) end
local text = table.concat(parts, "\n")
local words, count = {}, 0
for number, xs in text:gmatch("(%d+):(x*):") do
    words[#words + 1] = number .. xs
    count = count + #xs
end
table.sort(words)
local seen = {}
for _, word in ipairs(words) do seen[word:sub(1, 3)] = (seen[word:sub(1, 3)] or 0) + 1 end
local upper = text:upper():gsub("X+", "-"):reverse()
assert(#words == 6000 and count == 117000 and seen["123"] == 29 and #upper < #text)
print(string.format("bench: lua_strings %d 1", math.floor((os.clock() - start) * 1e9)))
