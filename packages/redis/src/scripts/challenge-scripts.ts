import { callsKeptMs } from '@countersign/core'
import { keptAnswer, takenBack, unknownFormat } from './script-parts.js'

// What a call came to: `p` it kept a record, `k` and the one that is kept, `t`, the end and the one that was taken, `u` it was taken back.

/**
 * The third key has when the record was issued, in the time of the server that has the memory of the tenant, and ends with it. A record of an earlier
 * release has none, and is judged as that release would. What was issued before `trusted`, the beginning of what this run of the server can vouch
 * for, may have been taken in what was lost: it is as good as none.
 */
const untrusted = (issued: string, trusted: string): string =>
  `(tonumber(redis.call('GET', ${issued}) or 'inf') or 0) < tonumber(${trusted})`

/** ARGV: keep the call, deadline, record, time to live, time of issue. */
export const putRecord: string = `${keptAnswer}
if made == 'p' then return 1 end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
redis.call('SET', KEYS[3], ARGV[5], 'PX', ARGV[4])
keepAnswer('p')
return 1`

/** The same, unless there is one. ARGV besides: trusted. */
export const keepRecord: string = `${keptAnswer}
if made and string.sub(made, 1, 1) == 'k' then return string.sub(made, 2) end
local kept = redis.call('GET', KEYS[1])
if kept and ${untrusted('KEYS[3]', 'ARGV[6]')} then kept = false end
if not kept then
  kept = ARGV[3]
  redis.call('SET', KEYS[1], kept, 'PX', ARGV[4])
  redis.call('SET', KEYS[3], ARGV[5], 'PX', ARGV[4])
end
keepAnswer('k' .. kept)
return kept`

/** KEYS: the record, when it was issued. ARGV: trusted. */
export const readRecord: string = `
local record = redis.call('GET', KEYS[1])
if record and ${untrusted('KEYS[2]', 'ARGV[1]')} then return false end
return record`

/** ARGV: keep the call, deadline, trusted. When it was issued stays: the record may be put back. */
export const takeRecord: string = `${keptAnswer}
if made == 'u' then return ${takenBack} end
local at = made and string.match(made, '^t%d+ ()')
if at then return string.sub(made, at) end
local record = redis.call('GET', KEYS[1])
if not record then return false end
if string.sub(record, 1, 1) ~= '1' then return ${unknownFormat} end
if ${untrusted('KEYS[3]', 'ARGV[3]')} then return false end
keepAnswer('t' .. string.format('%.0f', now + redis.call('PTTL', KEYS[1])) .. ' ' .. record)
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
