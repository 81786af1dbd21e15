-- Appends one event to each of some streams: the short way of append.lua for what nearly all writes are, one event that
-- is neither large nor tagged and has no metadata, of a persistence id that is listed. It costs Redis less than half.
--
-- KEYS     the streams
-- ARGV     for each: sequence number, header, payload
--
-- Answers the places of those that Redis has not taken. append.lua then finds out why.

local pcall = redis.pcall
local failed = {}
local a = 1
for i = 1, #KEYS do
  local added = pcall('XADD', KEYS[i], ARGV[a] .. '-0', 'h', ARGV[a + 1], 'p', ARGV[a + 2])
  if type(added) == 'table' then
    failed[#failed + 1] = i
  else
    pcall('PUBLISH', KEYS[i], ARGV[a])
  end
  a = a + 3
end
return failed
