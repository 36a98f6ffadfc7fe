import { callsKept } from '@countersign/core'
import { beforeDeadline, takenBack, unknownFormat } from './script-parts.js'

/**
 * A nonce is \`1\` and texts, each behind its length in bytes: its client, then the purposes it was spent for. A text whose length
 * begins with a zero is a note about the text before it; an earlier release takes it for a purpose that nobody presents:
 * \`i\` when it was issued and by which call, \`s\` the call that spent it for that purpose, \`u\` a call that was taken back.
 *
 * Reads the text at \`position\`. \`note\` is its kind, \`last\` where it ends.
 */
const readText = `
  local zero, length, start = string.match(value, '^(0?)(%d+):()', position)
  local last = start + length - 1
  local text = string.sub(value, start, last)
  local note = zero ~= '' and string.sub(text, 1, 1)`

const readNonce = `
local value = redis.call('GET', KEYS[1])
if value and string.sub(value, 1, 1) ~= '1' then return ${unknownFormat} end`

/** ARGV: call, deadline, nonce, time to live. */
export const rememberNonce: string = `${beforeDeadline}
if redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4], 'NX') then return 1 end
${readNonce}
local clientLength, clientAt = string.match(value, '^1(%d+):()')
local length, at = string.match(value, '^(0%d+):()', clientAt + clientLength)
return length and string.match(string.sub(value, at, at + length - 1), '^i%d+ (.*)$') == ARGV[1] and 1 or 0`

/**
 * ARGV: call, deadline, purpose, '1' with a client, client, the beginning of what the server can vouch for: a nonce that was
 * issued before that may have been spent in what was lost.
 */
export const spendNonce: string = `${beforeDeadline}${readNonce}
if not value then return 'unknown' end
local position, client, issued, purpose, used = 2, nil, nil, nil, false
while position <= #value do${readText}
  if note == 'i' then issued = string.match(text, '%d+')
  elseif note == 's' then
    if purpose == ARGV[3] and string.sub(text, 2) == ARGV[1] then return 'spent' end
  elseif note == 'u' then
    if string.sub(text, 2) == ARGV[1] then return ${takenBack} end
  elseif not client then client = text
  else
    purpose = text
    used = used or text == ARGV[3]
  end
  position = last + 1
end
if ARGV[4] == '1' and client ~= ARGV[5] then return 'mismatch' end
if used then return 'replayed' end
if issued and tonumber(issued) < tonumber(ARGV[6]) then return 'unknown' end
redis.call('APPEND', KEYS[1], #ARGV[3] .. ':' .. ARGV[3] .. '0' .. (#ARGV[1] + 1) .. ':s' .. ARGV[1])
return 'spent'`

/** ARGV: the call to be taken back, deadline. */
export const undoSpending: string = `${beforeDeadline}${readNonce}
if not value then return 0 end
local position, purposeAt, from, to, oldest, undone = 2, nil, nil, nil, nil, 0
while position <= #value do${readText}
  if note == 'u' then
    if string.sub(text, 2) == ARGV[1] then return 1 end
    oldest, undone = oldest or {position, last}, undone + 1
  elseif note == 's' and string.sub(text, 2) == ARGV[1] then from, to = purposeAt, last
  elseif not note then purposeAt = position end
  position = last + 1
end
if not from then return 0 end
local rest = string.sub(value, to + 1)
if undone >= ${callsKept} then
  if oldest[1] > to then rest = string.sub(value, to + 1, oldest[1] - 1) .. string.sub(value, oldest[2] + 1)
  else
    value = string.sub(value, 1, oldest[1] - 1) .. string.sub(value, oldest[2] + 1)
    from = from - (oldest[2] - oldest[1] + 1)
  end
end
redis.call('SET', KEYS[1], string.sub(value, 1, from - 1) .. rest .. '0' .. (#ARGV[1] + 1) .. ':u' .. ARGV[1], 'KEEPTTL')
return 1`
