-- Loads the newest snapshot within limits on sequence number and timestamp.
--
-- KEYS[1]  the index, KEYS[2] the contents: see save-snapshot.lua
-- ARGV     lowest and highest sequence number, lowest and highest timestamp, all with 19 digits (so they compare as text)
--
-- Answers {"<sequence number>:<timestamp>", name, value, name, value ...}, or nothing.

local offset = 0
while true do
  local found = redis.call('ZREVRANGEBYLEX', KEYS[1], '(' .. ARGV[2] .. ';', '[' .. ARGV[1] .. ':', 'LIMIT', offset, 100)
  if #found == 0 then
    return {}
  end
  for _, member in ipairs(found) do
    local timestamp = string.sub(member, 21)
    if timestamp >= ARGV[3] and timestamp <= ARGV[4] then
      local answer = {member}
      for _, part in ipairs({'s', 'm', 'p', 'ds', 'dm', 'd'}) do
        local value = redis.call('HGET', KEYS[2], string.sub(member, 1, 20) .. part)
        if value then
          answer[#answer + 1] = part
          answer[#answer + 1] = value
        end
      end
      return answer
    end
  end
  offset = offset + 100
end
