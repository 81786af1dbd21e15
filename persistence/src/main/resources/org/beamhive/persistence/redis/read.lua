-- Reads entries of a stream up to a limit on their size: for streams that have had large events, for which a plain
-- XRANGE with a count might fill the memory.
--
-- KEYS[1]  the stream
-- ARGV     first and last entry id, most entries, most bytes; the entry that passes the limit is still sent
--
-- Answers like XRANGE.

local from, most, bytes = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
local answer, size = {}, 0
local step = 8
while #answer < most and size < bytes do
  local page = redis.call('XRANGE', KEYS[1], from, ARGV[2], 'COUNT', math.min(step, most - #answer))
  for _, entry in ipairs(page) do
    answer[#answer + 1] = entry
    for _, value in ipairs(entry[2]) do
      size = size + #value
    end
    if size >= bytes then
      return answer
    end
  end
  if #page < step then
    return answer
  end
  from = '(' .. page[#page][1]
end
return answer
