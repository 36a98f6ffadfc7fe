import { callsKeptMs } from '@countersign/core'
import { keepingAnswer, keptAnswer, takenBack, unknownFormat } from './script-parts.js'

/**
 * A collection is a hash, id to record, and its index: one sorted set whose members all have the score 0, so that they stand in the order of
 * their bytes. KEYS[1] is the hash and `I` the index, in one slot. Members are
 *
 * - `i<id>` for each document,
 * - `g<bytes of the group>:<group><id>` and `x<bytes of the id>:<id><group>` for each that has a group,
 * - `c<cursor>` or `p<id>` while the index is being built: how far that came.
 *
 * An earlier release writes the hash alone. So an index that has not as many documents as the hash is behind, and is built before it is used.
 */
const indexOf = (key: 2 | 3): string => `
local I = KEYS[${key}]
local function between(first, last) return redis.call('ZLEXCOUNT', I, first, last) end
local function first(prefix)
  return redis.call('ZRANGEBYLEX', I, '[' .. prefix, '(' .. prefix .. '\\255', 'LIMIT', 0, 1)[1]
end
local function setGroup(id, group)
  local mark = 'x' .. #id .. ':' .. id
  local old = first(mark)
  old = old and string.sub(old, #mark + 1) or ''
  if old == group then return end
  if old ~= '' then redis.call('ZREM', I, mark .. old, 'g' .. #old .. ':' .. old .. id) end
  if group ~= '' then redis.call('ZADD', I, 0, mark .. group, 0, 'g' .. #group .. ':' .. group .. id) end
end
local function dropFromIndex(id)
  setGroup(id, '')
  redis.call('ZREM', I, 'i' .. id)
end`

const isBehind = `between('[i', '(j') ~= redis.call('HLEN', KEYS[1])`

/** Tells whether the document has the revision. */
const hasRevision = `
local function hasRevision(id, wanted)
  local value = redis.call('HGET', KEYS[1], id)
  if not value then return wanted == '0' end
  local revision = string.match(value, '^1:(%d+):')
  if not revision then return nil end
  return revision == wanted
end`

/**
 * ARGV: keep the call, deadline, id, revision, value, group or ''. An id that was not in the index has no group there.
 */
export const putDocument: string = `${keepingAnswer}${indexOf(3)}${hasRevision}
local fits = hasRevision(ARGV[3], ARGV[4])
if not fits or not keepFirst('p') then
  local made = redis.call('GET', KEYS[2])
  if made == 'p' then return 1 end
  if made == 'u' then return ${takenBack} end
  if fits == nil then return ${unknownFormat} end
  return 0
end
redis.call('HSET', KEYS[1], ARGV[3], '1:' .. string.format('%.0f', ARGV[4] + 1) .. ':' .. ARGV[5])
if redis.call('ZADD', I, 0, 'i' .. ARGV[3]) == 0 then setGroup(ARGV[3], ARGV[6])
elseif ARGV[6] ~= '' then
  redis.call('ZADD', I, 0, 'x' .. #ARGV[3] .. ':' .. ARGV[3] .. ARGV[6], 0, 'g' .. #ARGV[6] .. ':' .. ARGV[6] .. ARGV[3])
end
return 1`

/** Takes back that a document was created, while nobody changed it. ARGV: nothing, deadline, id, value. */
export const undoPut: string = `${keptAnswer}
if made == 'u' then return 1 end${indexOf(3)}
local own = redis.call('HGET', KEYS[1], ARGV[3]) == '1:1:' .. ARGV[4]
if own then
  redis.call('HDEL', KEYS[1], ARGV[3])
  dropFromIndex(ARGV[3])
end
redis.call('SET', KEYS[2], 'u', 'PX', ${callsKeptMs})
return own and 1 or 0`

/** ARGV: keep the call, deadline, then id and revision of each document. Answers a digit for each: 1 if it was removed. */
export const removeDocuments: string = `${keptAnswer}
local before = made and string.match(made, '^r(.*)$')
if before then return before == '' and '1' or before end${indexOf(3)}${hasRevision}
local fits = {}
for at = 3, #ARGV, 2 do
  fits[at] = hasRevision(ARGV[at], ARGV[at + 1])
  if fits[at] == nil then return ${unknownFormat} end
end
local digits = {}
for at = 3, #ARGV, 2 do
  local isRemoved = fits[at] and redis.call('HDEL', KEYS[1], ARGV[at]) == 1
  if isRemoved then dropFromIndex(ARGV[at]) end
  digits[#digits + 1] = isRemoved and '1' or '0'
end
local answer = table.concat(digits)
if string.find(answer, '1', 1, true) then keepAnswer('r' .. answer) end
return answer`

/**
 * ARGV: beginning of the members, bytes of it that are no part of the id, first member after which the page begins or '', offset, limit, '1' for
 * groups. Answers 'behind', or ids and values in turn, and groups or ''; a value is nil for an id that an earlier release removed.
 */
export const listDocuments: string = `${indexOf(2)}
if ${isBehind} then return 'behind' end
local prefix, limit = ARGV[1], tonumber(ARGV[5])
local members
if ARGV[3] ~= '' then
  members = redis.call('ZRANGEBYLEX', I, '(' .. ARGV[3], '(' .. prefix .. '\\255', 'LIMIT', 0, limit)
else
  local from = between('-', '(' .. prefix) + ARGV[4]
  local last = math.min(from + limit, between('-', '(' .. prefix .. '\\255')) - 1
  members = last < from and {} or redis.call('ZRANGE', I, from, last)
end
local flat = {}
for start = 1, #members, 1000 do
  local ids = {}
  for at = start, math.min(start + 999, #members) do ids[#ids + 1] = string.sub(members[at], ARGV[2] + 1) end
  local values = redis.call('HMGET', KEYS[1], unpack(ids))
  for at, id in ipairs(ids) do
    flat[#flat + 1] = id
    flat[#flat + 1] = values[at]
    if ARGV[6] == '1' then
      local mark = 'x' .. #id .. ':' .. id
      flat[#flat + 1] = string.sub(first(mark) or mark, #mark + 1)
    end
  end
end
return flat`

/** Answers 'behind', or how many documents there are, then groups and how many each has. */
export const countDocuments: string = `${indexOf(2)}
if ${isBehind} then return 'behind' end
local flat = {redis.call('HLEN', KEYS[1])}
local from = '[g'
while true do
  local member = redis.call('ZRANGEBYLEX', I, from, '(h', 'LIMIT', 0, 1)[1]
  if not member then return flat end
  local colon = string.find(member, ':', 2, true)
  local prefix = string.sub(member, 1, colon + string.sub(member, 2, colon - 1))
  flat[#flat + 1] = string.sub(prefix, colon + 1)
  flat[#flat + 1] = between('[' .. prefix, '(' .. prefix .. '\\255')
  from = '(' .. prefix .. '\\255'
end`

/**
 * One step of the building, which any process may take at any time. ARGV: ids that have no document. First the ids of the hash are added; if there
 * are too many then, those go that have no document. Answers 1 when the index is complete.
 */
export const buildIndex: string = `${indexOf(2)}
for _, id in ipairs(ARGV) do
  if redis.call('HEXISTS', KEYS[1], id) == 0 then dropFromIndex(id) end
end
local pruned = first('p')
if pruned then
  redis.call('ZREM', I, pruned)
  local from = pruned == 'p' and '[i' or '(i' .. string.sub(pruned, 2)
  local members = redis.call('ZRANGEBYLEX', I, from, '(j', 'LIMIT', 0, 500)
  for _, member in ipairs(members) do
    local id = string.sub(member, 2)
    if redis.call('HEXISTS', KEYS[1], id) == 0 then dropFromIndex(id) end
  end
  if #members == 500 then
    redis.call('ZADD', I, 0, 'p' .. string.sub(members[500], 2))
    return 0
  end
  return ${isBehind} and 0 or 1
end
local seen = first('c')
if not seen and not (${isBehind}) then return 1 end
local step = redis.call('HSCAN', KEYS[1], seen and string.sub(seen, 2) or '0', 'COUNT', 500)
if seen then redis.call('ZREM', I, seen) end
for at = 1, #step[2], 2 do redis.call('ZADD', I, 0, 'i' .. step[2][at]) end
if step[1] ~= '0' then
  redis.call('ZADD', I, 0, 'c' .. step[1])
  return 0
end
if not (${isBehind}) then return 1 end
redis.call('ZADD', I, 0, 'p')
return 0`
