-- Releases a lease, if it is still its holder's. Holder and version stay: they show who released it, and keep renewals out
-- that are still on their way.
--
-- KEYS[1]     the lease, as in take-lease.lua
-- ARGV[1..2]  holder, new version
--
-- Answers owner, holder and version as they are now, or nothing if there is no lease.

local lease = redis.call('HMGET', KEYS[1], 'owner', 'holder', 'version')
if lease[2] == ARGV[1] and tonumber(lease[3]) < tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], 'owner', '', 'version', ARGV[2])
  return {'', ARGV[1], ARGV[2]}
end
return lease[2] and lease or {}
