-- Renews a lease for its holder: its new version tells everybody who watches that the holder lives. A lease that has
-- vanished, because Redis was emptied, comes back.
--
-- KEYS[1]     the lease, as in take-lease.lua
-- ARGV[1..3]  owner, holder, new version
--
-- Answers owner, holder and version as they are now.

local lease = redis.call('HMGET', KEYS[1], 'owner', 'holder', 'version')
local holds = lease[1] == ARGV[1] and lease[2] == ARGV[2]
-- A renewal that was overtaken by a later one must not bring an old version back.
if not lease[2] or holds and tonumber(lease[3]) < tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'holder', ARGV[2], 'version', ARGV[3])
  return {ARGV[1], ARGV[2], ARGV[3]}
end
return lease
