-- Appends events to the streams of one or more persistence ids. Each write, which is of one id, is stored as a whole or
-- not at all, and whatever becomes of it doesn't touch the others.
--
-- KEYS     for each write: its stream, its "large" mark; if it is to be listed, the list of ids and that list's end; for
--          each tag of each event, the tag's list and that list's end
-- ARGV     for each write: the persistence id, 1 if it is to be listed, the number of events; then for each event, in
--          ascending order: its entry id "<sequence number>-0", 1 if it is large, the number of tags, the number n of
--          field arguments, and n arguments (field, value, field, value ...)
--
-- Answers three values for each write: 0 stored; 1 these very events had been stored before; 2 refused, the stream has
-- gone on without them; 3 failed. Then the sequence number that the stream has gone on to, and Redis' error.
--
-- Whoever listens to the channel named like a stream or list hears of what was added.

local k, a = 0, 0

local function key()
  k = k + 1
  return KEYS[k]
end

local function arg()
  a = a + 1
  return ARGV[a]
end

local function index(members, last, member)
  if not redis.call('ZSCORE', members, member) then
    local position = redis.call('INCR', last)
    redis.call('ZADD', members, position, member)
    redis.pcall('PUBLISH', members, position)
  end
end

local function number(id)
  return tonumber(string.match(id, '^%d+'))
end

local function add(stream, event, call)
  return call('XADD', stream, event.id, unpack(ARGV, event.first, event.last))
end

-- The client sends a write again when the connection broke before the answer. So compare to the last byte: the writer's
-- id alone is not enough, one writer may have given up on a batch and try another one under the same numbers.
local function stored_before(stream, events)
  for _, event in ipairs(events) do
    local entry = redis.call('XRANGE', stream, event.id, event.id)[1]
    if not entry or #entry[2] ~= event.last - event.first + 1 then
      return false
    end
    for i, value in ipairs(entry[2]) do
      if value ~= ARGV[event.first + i - 1] then
        return false
      end
    end
  end
  return true
end

local function why_not(stream, events, problem)
  local info = redis.pcall('XINFO', 'STREAM', stream)
  if info.err then
    return 3, 0, problem
  end
  local top
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then
      top = number(info[i + 1])
    end
  end
  if top < number(events[1].id) then
    return 3, 0, problem
  end
  return stored_before(stream, events) and 1 or 2, top, ''
end

-- XADD itself refuses an id that isn't above the stream's last one, also when that entry was trimmed. Only the first
-- XADD can fail (taken number, no memory, read-only replica, wrong type): then nothing has been written.
local function append(id, stream, mark, ids, ids_end, events)
  local added = add(stream, events[1], redis.pcall)
  if type(added) == 'table' and added.err then
    return why_not(stream, events, added.err)
  end
  for i = 2, #events do
    add(stream, events[i], redis.call)
  end
  local last
  for _, event in ipairs(events) do
    last = string.match(event.id, '^%d+')
    if event.large then
      redis.call('SET', mark, 1)
    end
    for i = 1, #event.tags, 2 do
      index(event.tags[i], event.tags[i + 1], last .. ':' .. id)
    end
  end
  if ids then
    index(ids, ids_end, id)
  end
  redis.pcall('PUBLISH', stream, last)
  return 0, 0, ''
end

local answers = {}
while a < #ARGV do
  local id = arg()
  local listed = arg() == '1'
  local count = tonumber(arg())
  local stream, mark = key(), key()
  local ids, ids_end
  if listed then
    ids, ids_end = key(), key()
  end
  local events = {}
  for i = 1, count do
    local event = {id = arg(), large = arg() == '1', tags = {}}
    local tags = tonumber(arg())
    local fields = tonumber(arg())
    for t = 1, 2 * tags do
      event.tags[t] = key()
    end
    event.first = a + 1
    a = a + fields
    event.last = a
    events[i] = event
  end
  local n = #answers
  answers[n + 1], answers[n + 2], answers[n + 3] = append(id, stream, mark, ids, ids_end, events)
end
return answers
