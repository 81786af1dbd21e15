-- Appends events to the stream of one persistence id: all of them, or none.
--
-- KEYS[1]  the stream
-- ARGV     for each event, in ascending order: its entry id "<sequence number>-0", the number n of field arguments,
--          then n arguments (field, value, field, value ...)
--
-- Answers {0, 0} stored, {1, top} these very events had been stored before, {2, top} refused: the stream has gone on
-- to sequence number top without them.
--
-- XADD itself refuses an id that isn't above the stream's last one, also when that entry was trimmed. Only the first
-- XADD can fail (taken number, no memory, read-only replica, wrong type): then nothing has been written.

local added = redis.pcall('XADD', KEYS[1], ARGV[1], unpack(ARGV, 3, 2 + ARGV[2]))

if type(added) == 'table' and added.err then
  local info = redis.pcall('XINFO', 'STREAM', KEYS[1])
  if info.err then
    return added
  end
  local top
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      top = tonumber(string.match(info[i + 1], '^%d+'))
    end
  end
  if top < tonumber(string.match(ARGV[1], '^%d+')) then
    return added
  end

  -- The client sends a command again when the connection broke before the answer. So compare to the last byte: the
  -- writer's id alone is not enough, one writer may have given up on a batch and try another one under the same numbers.
  local i = 1
  while i < #ARGV do
    local entry = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
    local n = tonumber(ARGV[i + 1])
    if not entry or #entry[2] ~= n then
      return {2, top}
    end
    for f = 1, n do
      if entry[2][f] ~= ARGV[i + 1 + f] then
        return {2, top}
      end
    end
    i = i + 2 + n
  end
  return {1, top}
end

-- An unpack per event keeps clear of Lua's limit on the arguments of one call.
local i = 3 + ARGV[2]
while i < #ARGV do
  local n = ARGV[i + 1]
  redis.call('XADD', KEYS[1], ARGV[i], unpack(ARGV, i + 2, i + 1 + n))
  i = i + 2 + n
end
return {0, 0}
