import { keptAnswer, storeTime, unknownFormat } from './script-parts.js'

/**
 * KEYS: the Stream, the answer, the beginning of the memory, where the place of the sweep is kept, too. ARGV: keep the call, deadline, beginning
 * of the memory, then for each entry: JSON, time to live or '', undone. Answers the ids, with spaces. An id is never at or before that
 * beginning, also when the clock went back.
 *
 * Each call sweeps 32 entries for each that it adds from where the last one ended, and round again; more while half of what it sees has ended. So
 * in the time in which n entries are added, 32 n are looked at. The newest stays: it is the epoch.
 */
export const revoke: string = `${keptAnswer}
if made then return made end
local ids, id = {}, nil
for at = 4, #ARGV, 3 do
  local ends = ARGV[at + 1] ~= '' and string.format('%.0f', now + ARGV[at + 1]) or ''
  local wanted = '*'
  if now <= tonumber(ARGV[3]) and redis.call('XLEN', KEYS[1]) == 0 then wanted = ARGV[3] .. '-1' end
  id = redis.call('XADD', KEYS[1], wanted, 'v', '1', 'entry', ARGV[at], 'ends', ends, 'undone', ARGV[at + 2])
  ids[#ids + 1] = id
end
local swept = redis.call('HGET', KEYS[3], 'swept')
local from, ended, looked, seen, over = swept and '(' .. swept or '-', {}, 0, 0, 0
repeat
  local part = redis.call('XRANGE', KEYS[1], from, '(' .. id, 'COUNT', 32)
  seen, over, looked = #part, 0, looked + #part
  for _, old in ipairs(part) do
    local until_ms = old[2][2] == '1' and tonumber(old[2][6])
    if until_ms and until_ms <= now then
      over = over + 1
      ended[#ended + 1] = old[1]
    end
    swept = old[1]
  end
  from = swept and '(' .. swept or '-'
until seen < 32 or (over < 16 and looked >= 32 * math.min(#ids, 16)) or looked >= 512
if #ended > 0 then redis.call('XDEL', KEYS[1], unpack(ended)) end
if seen < 32 then redis.call('HDEL', KEYS[3], 'swept') else redis.call('HSET', KEYS[3], 'swept', swept) end
local answer = table.concat(ids, ' ')
keepAnswer(answer)
return answer`

const flatEntries = `
  if entry[2][2] ~= '1' then return ${unknownFormat} end
  flat[#flat + 1] = entry[1]
  for field = 4, 8, 2 do flat[#flat + 1] = entry[2][field] or '' end`

/**
 * ARGV: epoch or '-', count. Answers the newest id, whether the epoch is an entry, the time, the id of the last record if there are as many
 * as requested, and the records as one text of JSON, `[id, entry, end or null, undone]` each: a driver takes ten times as long for
 * as many answers of their own.
 */
export const since: string = `${storeTime}
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local found, from = 0, '-'
if ARGV[1] ~= '-' then
  found = #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
  from = '(' .. ARGV[1]
end
local part = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[2])
local texts, n = {'['}, 1
for at, entry in ipairs(part) do
  local fields = entry[2]
  if fields[2] ~= '1' then return ${unknownFormat} end
  texts[n + 1], texts[n + 2], texts[n + 3], texts[n + 4] = at == 1 and '["' or ',["', entry[1], '",', fields[4]
  texts[n + 5], texts[n + 6], texts[n + 7] = ',', fields[6] ~= '' and fields[6] or 'null', fields[8] == '1' and ',1]' or ',0]'
  n = n + 7
end
texts[n + 1] = ']'
local last = #part == tonumber(ARGV[2]) and part[#part][1] or ''
return {newest and newest[1] or '', found, string.format('%.0f', now), last, table.concat(texts)}`

/**
 * A part of a Stream. ARGV: 'XRANGE' or 'XREVRANGE', where it begins and ends in that order, count. Answers the time and, for each entry, its id and three
 * fields: what it is, when it ends or '', and the third one or ''.
 */
export const readStream: string = `${storeTime}
local flat = {string.format('%.0f', now)}
for _, entry in ipairs(redis.call(ARGV[1], KEYS[1], ARGV[2], ARGV[3], 'COUNT', ARGV[4])) do${flatEntries}
end
return flat`

/**
 * KEYS: the Stream of the audit, the answer. ARGV: keep the call, deadline, entry, time to live, capacity. Answers the id, and how many entries went that had not
 * ended. The oldest of those that have ended go, a few for each that is added. The Stream ends with the last of its entries.
 */
export const appendAudit: string = `${keptAnswer}
local before, count = string.match(made or '', '^(%S+) (%d+)$')
if before then return {before, count} end
local ends = string.format('%.0f', now + ARGV[4])
local id = redis.call('XADD', KEYS[1], '*', 'v', '1', 'entry', ARGV[3], 'ends', ends)
local over = redis.call('XLEN', KEYS[1]) - ARGV[5]
local gone, dropped = {}, 0
for at, old in ipairs(redis.call('XRANGE', KEYS[1], '-', '(' .. id, 'COUNT', math.min(math.max(over, 4), 256))) do
  local hasEnded = (tonumber(old[2][6]) or 0) <= now
  if not hasEnded and at > over then break end
  gone[#gone + 1] = old[1]
  if not hasEnded then dropped = dropped + 1 end
end
if #gone > 0 then redis.call('XDEL', KEYS[1], unpack(gone)) end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[4]) then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
keepAnswer(id .. ' ' .. dropped)
return {id, dropped}`
