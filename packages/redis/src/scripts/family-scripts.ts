import { callsKeptMs } from '@countersign/core'
import { beforeDeadline, callList, refuseUndone, unknownFormat } from './script-parts.js'

/**
 * Of the hash of a family: \`calls\` and when the newest of them was made. Readers that do not know these fields are not
 * bothered. A hash without \`v\` is what is left of a family whose creation was taken back.
 */
const keptCalls = `${callList}
local function callsOf(calls, calledAt)
  if calls and now - calledAt <= ${callsKeptMs} then return calls end
  return ''
end
local nowText = string.format('%.0f', now)`

/** ARGV: call, deadline, binding, data, time to live. */
export const createFamily: string = `${beforeDeadline}${keptCalls}
local family = redis.call('HMGET', KEYS[1], 'v', 'calls', 'called')
local calls = callsOf(family[2], family[3])
local made = answerIn(calls, ARGV[1])
if made == 'created' then return 1 end
${refuseUndone('made')}
if family[1] then return 0 end
redis.call('HSET', KEYS[1], 'v', '1', 'binding', ARGV[3], 'data', ARGV[4], 'generation', '0',
  'calls', withAnswer(calls, ARGV[1], 'created'), 'called', nowText)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1`

/**
 * ARGV: call, deadline, generation, binding, retry window, new time to live or '', heal, whether it may be taken back. The model is
 * \`rotateFamily\` of core. A rotation that may be taken back is kept with what it replaced while it is the last: generation, time of the
 * rotation before, end.
 */
export const rotateFamily: string = `${beforeDeadline}${keptCalls}
local family = redis.call('HMGET', KEYS[1], 'v', 'binding', 'data', 'generation', 'rotated', 'revoked', 'calls', 'called')
if family[1] and family[1] ~= '1' then return ${unknownFormat} end
local calls = callsOf(family[7], family[8])
local made = answerIn(calls, ARGV[1])
if made then
  local outcome, generation = string.match(made, '^(%a+) ?(%d*)')
  ${refuseUndone('outcome')}
  if outcome == 'rotated' or outcome == 'retry' or outcome == 'reused' then return {outcome, family[3], generation} end
end
if not family[1] then return {'gone'} end
if family[6] then return {'revoked', family[6]} end
if family[2] ~= ARGV[4] then return {'mismatch'} end
local presented, current = tonumber(ARGV[3]), tonumber(family[4])
if presented > current and ARGV[7] ~= '1' then return {'ahead'} end
if presented >= current then
  local generation = string.format('%.0f', presented + 1)
  local answer = 'rotated ' .. generation
  if ARGV[8] == '1' then
    local ends = ARGV[6] ~= '' and string.format('%.0f', now + redis.call('PTTL', KEYS[1])) or '-'
    answer = answer .. ' ' .. family[4] .. ' ' .. (family[5] or '-') .. ' ' .. ends
  end
  local before, rest = string.match(calls, '^(;%S+ rotated %d+) [^;]*()')
  if before then calls = before .. string.sub(calls, rest) end
  redis.call('HSET', KEYS[1], 'generation', generation, 'rotated', nowText, 'calls', withAnswer(calls, ARGV[1], answer), 'called', nowText)
  if ARGV[6] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[6]) end
  return {'rotated', family[3], generation}
end
if presented == current - 1 and family[5] and now - family[5] < tonumber(ARGV[5]) then
  redis.call('HSET', KEYS[1], 'calls', withAnswer(calls, ARGV[1], 'retry ' .. family[4]), 'called', nowText)
  return {'retry', family[3], family[4]}
end
redis.call('HSET', KEYS[1], 'revoked', 'reused', 'calls', withAnswer(calls, ARGV[1], 'reused'), 'called', nowText)
return {'reused'}`

/** ARGV: call, deadline, reason. */
export const revokeFamily: string = `${beforeDeadline}${keptCalls}
local family = redis.call('HMGET', KEYS[1], 'v', 'revoked', 'calls', 'called')
if not family[1] then return 0 end
if family[1] ~= '1' then return ${unknownFormat} end
local calls = callsOf(family[3], family[4])
if answerIn(calls, ARGV[1]) == 'ended' then return 1 end
if family[2] then return 0 end
redis.call('HSET', KEYS[1], 'revoked', ARGV[3], 'calls', withAnswer(calls, ARGV[1], 'ended'), 'called', nowText)
return 1`

/**
 * ARGV: the call to be taken back, deadline. Also a release that keeps no calls may have gone on from what this one made: then the generation
 * is another.
 */
export const undoFamily: string = `${beforeDeadline}${callList}
local family = redis.call('HMGET', KEYS[1], 'calls', 'generation')
local calls = family[1] or ''
if answerIn(calls, ARGV[1]) == 'undone' then return 1 end
local id, what, rest = string.match(calls, '^;(%S+) (%a+)([^;]*)')
if id ~= ARGV[1] or family[2] ~= (what == 'created' and '0' or string.match(rest, '%d+')) then return 0 end
local undone = ';' .. id .. ' undone' .. string.sub(calls, #id + #what + #rest + 3)
if what == 'created' then
  redis.call('HDEL', KEYS[1], 'v', 'binding', 'data', 'generation')
  redis.call('HSET', KEYS[1], 'calls', undone)
  redis.call('PEXPIRE', KEYS[1], ${callsKeptMs})
  return 1
end
if what ~= 'rotated' then return 0 end
local generation, rotated, ends = string.match(rest, '^ %d+ (%d+) (%S+) (%S+)')
if not generation then return 0 end
redis.call('HSET', KEYS[1], 'generation', generation, 'calls', undone)
if rotated == '-' then redis.call('HDEL', KEYS[1], 'rotated') else redis.call('HSET', KEYS[1], 'rotated', rotated) end
if ends ~= '-' then redis.call('PEXPIREAT', KEYS[1], ends) end
return 1`
