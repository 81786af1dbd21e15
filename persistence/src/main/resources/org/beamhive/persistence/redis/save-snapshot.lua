-- Saves one snapshot; one of the same sequence number is replaced.
--
-- KEYS[1]  the index: sorted set of "<sequence number>:<timestamp>", both with 19 digits, all with score 0 (a score is
--          a double and would round numbers above 2^53)
-- KEYS[2]  the hash of contents: field "<sequence number>:<part>"
-- ARGV     sequence number, timestamp, then the parts: name, value, name, value ...

local seq = ARGV[1]
for _, old in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], '[' .. seq .. ':', '(' .. seq .. ';')) do
  redis.call('ZREM', KEYS[1], old)
end
for _, part in ipairs({'s', 'm', 'p', 'ds', 'dm', 'd'}) do
  redis.call('HDEL', KEYS[2], seq .. ':' .. part)
end
for i = 3, #ARGV, 2 do
  redis.call('HSET', KEYS[2], seq .. ':' .. ARGV[i], ARGV[i + 1])
end
redis.call('ZADD', KEYS[1], 0, seq .. ':' .. ARGV[2])
return {}
