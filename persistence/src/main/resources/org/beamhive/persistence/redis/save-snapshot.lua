-- Saves one snapshot; one of the same sequence number is replaced.
--
-- KEYS[1]  the index: sorted set of "<sequence number>:<timestamp>", both with 19 digits, all with score 0 (a score is
--          a double and would round numbers above 2^53)
-- KEYS[2]  the hash of contents: field "<sequence number>:<part>"
-- ARGV     sequence number, timestamp, then the parts: name, value, name, value ...

local seq = ARGV[1]
local given = {}
local fields = {}
for i = 3, #ARGV, 2 do
  given[ARGV[i]] = true
  fields[#fields + 1] = seq .. ':' .. ARGV[i]
  fields[#fields + 1] = ARGV[i + 1]
end
-- First, because only before its first change does Redis refuse a script for lack of memory.
redis.call('HSET', KEYS[2], unpack(fields))
for _, part in ipairs({'s', 'm', 'p', 'ds', 'dm', 'd'}) do
  if not given[part] then
    redis.call('HDEL', KEYS[2], seq .. ':' .. part)
  end
end
for _, old in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], '[' .. seq .. ':', '(' .. seq .. ';')) do
  redis.call('ZREM', KEYS[1], old)
end
redis.call('ZADD', KEYS[1], 0, seq .. ':' .. ARGV[2])
return {}
