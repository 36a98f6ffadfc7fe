import { callsKept, callsKeptMs } from '@countersign/core'
import { beforeDeadline, keptAnswer, takenBack, unknownFormat } from './script-parts.js'

// The result of a call: `k` and the record that is kept, `t`, the end and the one that was taken, `u` it was taken back.

/**
 * The third key has when the record was issued, in the time of the server that has the memory of the tenant, and ends with it or later. Behind it
 * stand the calls that put a record here, the newest first, each behind a semicolon. A record of an earlier release has no such key, and is judged
 * as that release would. What was issued before `trusted`, the beginning of what this run of the server can vouch for, may have been taken in what
 * was lost: it counts as absent.
 */
const untrusted = (issue: string, trusted: string): string =>
  `(tonumber(string.match(${issue} or 'inf', '^[^;]+')) or 0) < tonumber(${trusted})`

/** ARGV: keep the call, deadline, record, time to live, time of issue, call. A put has no answer, so its id is all that is kept of it. */
export const putRecord: string = `${beforeDeadline}
local id, keep = ';' .. ARGV[6] .. ';', ARGV[4]
if ARGV[1] ~= '' and ARGV[1] + 0 > keep + 0 then keep = ARGV[1] elseif ARGV[2] - now >= keep + 0 then keep = string.format('%.0f', ARGV[2] - now + 1) end
if not redis.call('SET', KEYS[2], ARGV[5] .. id, 'PX', keep, 'NX') then
  local issue = redis.call('GET', KEYS[2])
  if string.find(issue, id, 1, true) then return 1 end
  local calls = string.match(issue, ';.*') or ';'
  local last = 0
  for _ = 1, ${callsKept} do last = string.find(calls, ';', last + 1, true) or #calls end
  local left = redis.call('PTTL', KEYS[2])
  redis.call('SET', KEYS[2], ARGV[5] .. id .. string.sub(calls, 2, last), 'PX', left > keep + 0 and left or keep)
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1`

/** ARGV: keep the call, deadline, record, time to live, time of issue, trusted. The record that is there, else this one. */
export const keepRecord: string = `${keptAnswer}
if made and string.sub(made, 1, 1) == 'k' then return string.sub(made, 2) end
local kept = redis.call('GET', KEYS[1])
local issue = redis.call('GET', KEYS[3])
if kept and ${untrusted('issue', 'ARGV[6]')} then kept = false end
if not kept then
  kept = ARGV[3]
  local calls = issue and string.match(issue, ';.*') or ''
  local left = redis.call('PTTL', KEYS[3])
  redis.call('SET', KEYS[1], kept, 'PX', ARGV[4])
  redis.call('SET', KEYS[3], ARGV[5] .. calls, 'PX', left > tonumber(ARGV[4]) and left or ARGV[4])
end
keepAnswer('k' .. kept)
return kept`

/** KEYS: the record, when it was issued. ARGV: trusted. */
export const readRecord: string = `
local found = redis.call('MGET', KEYS[1], KEYS[2])
if found[1] and ${untrusted('found[2]', 'ARGV[1]')} then return false end
return found[1]`

/** ARGV: keep the call, deadline, trusted. When it was issued stays: the record may be put back, by a call whose id is known. */
export const takeRecord: string = `${beforeDeadline}
local found = redis.call('MGET', KEYS[1], KEYS[2], KEYS[3])
local record, made = found[1], found[2]
if made == 'u' then return ${takenBack} end
local at = made and string.match(made, '^t%d+ ()')
if at then return string.sub(made, at) end
if not record then return false end
if string.sub(record, 1, 1) ~= '1' then return ${unknownFormat} end
if ${untrusted('found[3]', 'ARGV[3]')} then return false end
local keep, ends = ARGV[1], '0'
if keep == '' then keep = string.format('%.0f', ARGV[2] - now + 1) else ends = string.format('%.0f', now + redis.call('PTTL', KEYS[1])) end
redis.call('SET', KEYS[2], 't' .. ends .. ' ' .. record, 'PX', keep)
redis.call('DEL', KEYS[1])
return record`

/** ARGV: nothing, deadline. */
export const undoTake: string = `${keptAnswer}
if made == 'u' then return 1 end
local ends, at = string.match(made or '', '^t(%d+) ()')
if not at or redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if tonumber(ends) > now then redis.call('SET', KEYS[1], string.sub(made, at), 'PX', string.format('%.0f', ends - now)) end
redis.call('SET', KEYS[2], 'u', 'PX', ${callsKeptMs})
return 1`
