import { callsKeptMs } from '@countersign/core'
import { keptAnswer, takenBack, unknownFormat } from './script-parts.js'

// What a call came to: `p` it kept a record, `k` and the one that is kept, `t`, the end and the one that was taken, `u` it was taken back.

/** ARGV: keep the call, deadline, record, time to live. */
export const putRecord: string = `${keptAnswer}
if made == 'p' then return 1 end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
keepAnswer('p')
return 1`

/** The same, unless there is one. In one script: `SET` with both NX and GET needs Redis 7. */
export const keepRecord: string = `${keptAnswer}
if made and string.sub(made, 1, 1) == 'k' then return string.sub(made, 2) end
local kept = redis.call('GET', KEYS[1]) or ARGV[3]
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4], 'NX')
keepAnswer('k' .. kept)
return kept`

/** ARGV: keep the call, deadline. */
export const takeRecord: string = `${keptAnswer}
if made == 'u' then return ${takenBack} end
local at = made and string.match(made, '^t%d+ ()')
if at then return string.sub(made, at) end
local record = redis.call('GET', KEYS[1])
if not record then return false end
if string.sub(record, 1, 1) ~= '1' then return ${unknownFormat} end
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
