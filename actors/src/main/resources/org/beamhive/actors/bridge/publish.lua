-- Adds documents of one run to the stream, each exactly once, and remembers how far the run is published.
--
-- KEYS[1]  the stream of documents
-- KEYS[2]  how far this run is published: a hash with the field "position"
-- KEYS[3]  the newest run: a hash with the fields "run", "start" and "stop"
-- ARGV     1 position before the first entry of the batch, 2 position of its last entry, 3 length of the stream,
--          4 seconds to remember the run after its end or 0 if the batch does not end it, 5 the run's uid,
--          then for each document its position, its name and itself
--
-- Answers the position up to which the run is published now. If that is below ARGV[1], documents before this batch are
-- missing and nothing was added. What is there already, because an answer was lost, is not added again.
--
-- Only the first XADD can fail (no memory, read-only replica, wrong type): then nothing has been written.

local before, last = tonumber(ARGV[1]), tonumber(ARGV[2])
local stored = tonumber(redis.call('HGET', KEYS[2], 'position') or '0')
if stored < before or stored >= last then
  return stored
end

for i = 6, #ARGV, 3 do
  if tonumber(ARGV[i]) > stored then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'run', ARGV[5], 'name', ARGV[i + 1], 'doc', ARGV[i + 2])
    if ARGV[i + 1] == 'start' then
      redis.pcall('HSET', KEYS[3], 'run', ARGV[5], 'start', ARGV[i + 2])
      redis.pcall('HDEL', KEYS[3], 'stop')
    elseif ARGV[i + 1] == 'stop' and redis.pcall('HGET', KEYS[3], 'run') == ARGV[5] then
      redis.pcall('HSET', KEYS[3], 'stop', ARGV[i + 2])
    end
  end
end

redis.call('HSET', KEYS[2], 'position', ARGV[2])
if ARGV[4] ~= '0' then
  redis.call('HSET', KEYS[2], 'complete', '1')
  redis.call('EXPIRE', KEYS[2], ARGV[4])
end
return last
