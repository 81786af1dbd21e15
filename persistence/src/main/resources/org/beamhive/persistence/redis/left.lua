-- Finds what one persistence id has left in the list of writes whose tags may not be indexed, which is short except after
-- many processes have died: the list is searched here, because its order is that of time.
--
-- KEYS[1]  the list: sorted set of "<first>:<last>:<persistence id>"
-- ARGV[1]  ":<persistence id>"
--
-- Answers the members that end so, the oldest first.

local found = {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if string.sub(member, -#ARGV[1]) == ARGV[1] then
    found[#found + 1] = member
  end
end
return found
