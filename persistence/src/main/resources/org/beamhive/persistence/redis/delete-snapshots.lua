-- Deletes the snapshots within limits on sequence number and timestamp.
--
-- KEYS and ARGV as in load-snapshot.lua. Answers {how many went}.

local gone = 0
for _, member in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], '[' .. ARGV[1] .. ':', '(' .. ARGV[2] .. ';')) do
  local timestamp = string.sub(member, 21)
  if timestamp >= ARGV[3] and timestamp <= ARGV[4] then
    redis.call('ZREM', KEYS[1], member)
    for _, part in ipairs({'s', 'm', 'p', 'ds', 'dm', 'd'}) do
      redis.call('HDEL', KEYS[2], string.sub(member, 1, 20) .. part)
    end
    gone = gone + 1
  end
end
return {gone}
