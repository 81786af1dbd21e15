-- Adds members to an ordered list, at its end and only those that it doesn't have.
--
-- KEYS[1]  the list: sorted set, the score is the position; KEYS[2] the last position given
-- ARGV     the members
--
-- Whoever listens to the channel named like the list hears of it.

local last
for _, member in ipairs(ARGV) do
  if not redis.call('ZSCORE', KEYS[1], member) then
    last = redis.call('INCR', KEYS[2])
    redis.call('ZADD', KEYS[1], last, member)
  end
end
if last then
  redis.pcall('PUBLISH', KEYS[1], last)
end
return {}
