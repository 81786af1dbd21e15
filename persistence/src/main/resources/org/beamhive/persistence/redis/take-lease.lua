-- Takes a lease, if it is still as the contender has seen it.
--
-- KEYS[1]     the lease: hash of owner (empty: released), holder and version. Holder and version together are never given
--             twice, so that "as seen" means "not renewed since"
-- ARGV[1..3]  new owner, holder, version
-- ARGV[4..5]  holder and version as seen; both empty: there was no lease
--
-- Answers owner, holder and version as they are now, or nothing if there is no lease.

local lease = redis.call('HMGET', KEYS[1], 'owner', 'holder', 'version')
if (lease[2] or '') == ARGV[4] and (lease[3] or '') == ARGV[5] then
  redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'holder', ARGV[2], 'version', ARGV[3])
  return {ARGV[1], ARGV[2], ARGV[3]}
end
return lease[2] and lease or {}
