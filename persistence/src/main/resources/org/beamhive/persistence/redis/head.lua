-- What a reader must know of a stream before it reads.
--
-- KEYS[1]  the stream, KEYS[2] the mark of a stream that has had large events
--
-- Answers {first sequence number there is, or 0; highest one ever stored, also if it was deleted, or 0; 1 if there may
-- be large events}. XINFO itself would send the first and the last event along.

if redis.call('EXISTS', KEYS[1]) == 0 then
  return {'0', '0', 0}
end
local first, last = '0', '0'
local info = redis.call('XINFO', 'STREAM', KEYS[1])
for i = 1, #info, 2 do
  if info[i] == 'last-generated-id' then
    last = string.match(info[i + 1], '^%d+')
  elseif info[i] == 'first-entry' and info[i + 1] then
    first = string.match(info[i + 1][1], '^%d+')
  end
end
return {first, last, redis.call('EXISTS', KEYS[2])}
