-- Appends events to the streams of one or more persistence ids. Each write, which is of one id, is stored as a whole or
-- not at all, and whatever becomes of it doesn't touch the others.
--
-- KEYS     for each write: its stream; if it has a large event, its "large" mark; if it is to be listed, the list of ids
--          and that list's end; for each tag of each event, the tag's list and that list's end
-- ARGV     for each write: its shape, which is 8 * number of events + 4 if there are tags or metadata + 2 if there is a
--          large event + 1 if it is to be listed; the persistence id; then for each event, in ascending order, its entry
--          id "<sequence number>-0", its header, its payload, and with tags or metadata also the number of tags and the
--          metadata, empty for none
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

-- Notes in which list a member is missing. This comes before anything is written, because it fails if the keys are another
-- program's.
local function miss(missing, members, last, member)
  local there = redis.pcall('ZSCORE', members, member)
  if type(there) == 'table' then
    return there.err
  elseif there then
    return
  end
  local position = redis.pcall('GET', last)
  if type(position) == 'table' then
    return position.err
  end
  if position and not string.match(position, '^%d+$') then
    return 'the value of ' .. last .. ' is not a position'
  end
  missing[#missing + 1] = {members, last, member}
end

local function index(members, last, member)
  local position = redis.call('INCR', last)
  redis.call('ZADD', members, position, member)
  redis.pcall('PUBLISH', members, position)
end

local function number(id)
  return tonumber(string.match(id, '^%d+'))
end

local function add(stream, event, call)
  if event.metadata then
    return call('XADD', stream, event.id, 'h', event.header, 'p', event.payload, 'd', event.metadata)
  end
  return call('XADD', stream, event.id, 'h', event.header, 'p', event.payload)
end

-- The client sends a write again when the connection broke before the answer. So compare to the last byte: the writer's
-- id alone is not enough, one writer may have given up on a batch and try another one under the same numbers.
local function stored_before(stream, events)
  for _, event in ipairs(events) do
    local entry = redis.call('XRANGE', stream, event.id, event.id)[1]
    local fields = entry and entry[2] or {}
    if fields[2] ~= event.header or fields[4] ~= event.payload or fields[6] ~= event.metadata then
      return false
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
  local missing, problem = {}, nil
  local last
  for _, event in ipairs(events) do
    last = string.match(event.id, '^%d+')
    for i = 1, event.tags and #event.tags or 0, 2 do
      problem = problem or miss(missing, event.tags[i], event.tags[i + 1], last .. ':' .. id)
    end
  end
  if ids then
    problem = problem or miss(missing, ids, ids_end, id)
  end
  if problem then
    return 3, 0, problem
  end
  local added = add(stream, events[1], redis.pcall)
  if type(added) == 'table' and added.err then
    return why_not(stream, events, added.err)
  end
  for i = 2, #events do
    add(stream, events[i], redis.call)
  end
  if mark then
    redis.call('SET', mark, 1)
  end
  for _, place in ipairs(missing) do
    index(unpack(place))
  end
  redis.pcall('PUBLISH', stream, last)
  return 0, 0, ''
end

local answers = {}
while a < #ARGV do
  local shape = tonumber(arg())
  local id = arg()
  local stream = key()
  local mark, ids, ids_end
  if shape % 4 >= 2 then
    mark = key()
  end
  if shape % 2 == 1 then
    ids, ids_end = key(), key()
  end
  local events = {}
  for i = 1, math.floor(shape / 8) do
    local event = {id = arg(), header = arg(), payload = arg()}
    if shape % 8 >= 4 then
      event.tags = {}
      for t = 1, 2 * tonumber(arg()) do
        event.tags[t] = key()
      end
      local metadata = arg()
      if metadata ~= '' then
        event.metadata = metadata
      end
    end
    events[i] = event
  end
  local n = #answers
  answers[n + 1], answers[n + 2], answers[n + 3] = append(id, stream, mark, ids, ids_end, events)
end
return answers
