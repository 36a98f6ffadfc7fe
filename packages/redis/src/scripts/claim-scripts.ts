import { callsKept, callsKeptMs } from '@countersign/core'
import { beforeDeadline, takenBack } from './script-parts.js'

/**
 * A claim is \`1\` and the id of the call that made it, behind a semicolon; then those of the calls that were taken back, the
 * newest first. One that was taken back begins with \`0\`. An earlier release writes \`1\` alone, and looks only whether the key is there.
 */
const findCall = `
local value = redis.call('GET', KEYS[1])
local at = value and string.find(value .. ';', ';' .. ARGV[1] .. ';', 1, true)
local claimed = value and string.sub(value, 1, 1) == '1'`

/** ARGV: call, deadline, time to live. */
export const claimId: string = `${beforeDeadline}
if redis.call('SET', KEYS[1], '1;' .. ARGV[1], 'PX', ARGV[3], 'NX') then return 1 end
${findCall}
if at and at == 2 and claimed then return 1 end
if at then return ${takenBack} end
if claimed then return 0 end
redis.call('SET', KEYS[1], '1;' .. ARGV[1] .. string.sub(value, 2), 'PX', ARGV[3])
return 1`

/** ARGV: the call to be taken back, deadline. */
export const undoClaim: string = `${beforeDeadline}${findCall}
if at and at == 2 and claimed then
  local calls = string.match(value, '^1(${';[^;]*'.repeat(callsKept - 1)})') or string.sub(value, 2)
  redis.call('SET', KEYS[1], '0' .. calls, 'PX', ${callsKeptMs})
end
return at and 1 or 0`
