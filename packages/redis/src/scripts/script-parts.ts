import { callsKept } from '@countersign/core'

/** What a record of another format answers; a newer release may have written it. */
export const unknownFormat: string = `redis.error_reply('COUNTERSIGN a record of a format that this release does not know')`

/** `time` and `now`, in milliseconds. */
export const storeTime: string = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`

/** Begins the error of a call that came after its deadline. */
export const lateCode: string = 'LATE'

/** What a call gets that comes again after it was taken back. */
export const takenBack: string = `redis.error_reply('COUNTERSIGN this call was taken back')`

/**
 * Begins every script that changes something. ARGV[1] is the id of the call, ARGV[2] its deadline in milliseconds of the
 * store's time: the driver sends a command that it has no answer to again, also long after its caller gave up.
 */
export const beforeDeadline: string = `${storeTime}
if now > tonumber(ARGV[2]) then return redis.error_reply('${lateCode} the call came after its deadline') end`

/** Bytes of a list in which calls are counted: to count them each time would cost more than the bytes. */
const longList = 640

/**
 * A list of calls is text, \`;id answer\` for each, the newest first. \`answerIn\` finds the answer to a call,
 * \`withAnswer\` adds one, and drops the oldest where the text is long.
 */
export const callList: string = `
local function answerIn(calls, id)
  local _, last = string.find(calls, ';' .. id .. ' ', 1, true)
  return last and string.match(calls, '^[^;]*', last + 1)
end
local function withAnswer(calls, id, answer)
  if #calls > ${longList} then
    local last = 0
    for _ = 1, ${callsKept} do last = string.find(calls, ';', last + 1, true) or #calls + 1 end
    calls = string.sub(calls, 1, last - 1)
  end
  return ';' .. id .. ' ' .. answer .. calls
end`

/** What a call that was taken back answers when it comes again. */
export const refuseUndone = (answer: string): string => `if ${answer} == 'undone' then return ${takenBack} end`

/**
 * For scripts of two keys, the second of which keeps the answer: what they change is gone afterwards, or an earlier release reads
 * it. ARGV[1] is for how many milliseconds the answer is kept, or '' until the deadline: an id that nobody gave comes again from
 * the driver only. `keepFirst` keeps the answer of a call that comes for the first time, and tells whether it does.
 */
export const keepingAnswer: string = `${beforeDeadline}
local keep = ARGV[1] ~= '' and ARGV[1] or string.format('%.0f', ARGV[2] - now + 1)
local function keepFirst(answer) return redis.call('SET', KEYS[2], answer, 'PX', keep, 'NX') end`

/** The same. `made` is the answer that is there already. */
export const keptAnswer: string = `${beforeDeadline}
local made = redis.call('GET', KEYS[2])
local function keepAnswer(answer)
  redis.call('SET', KEYS[2], answer, 'PX', ARGV[1] ~= '' and ARGV[1] or string.format('%.0f', ARGV[2] - now + 1))
end`
