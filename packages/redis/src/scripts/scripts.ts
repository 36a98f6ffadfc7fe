import type { RedisClient } from '../connection/redis-client.js'
import { keepRecord, putRecord, takeRecord, undoTake } from './challenge-scripts.js'
import { claimId, undoClaim } from './claim-scripts.js'
import { buildIndex, countDocuments, listDocuments, putDocument, removeDocuments } from './document-scripts.js'
import { createFamily, revokeFamily, rotateFamily, undoFamily } from './family-scripts.js'
import { memory } from './memory-script.js'
import { rememberNonce, spendNonce, undoSpending } from './nonce-scripts.js'
import { keptAnswer, storeTime, unknownFormat } from './script-parts.js'

/** The time of the server that has the key. */
const storeClock = `${storeTime}
return string.format('%.0f', now)`

/** ARGV: keep the call, deadline, limit, window. */
const reserve = `${keptAnswer}
local remaining = made and string.match(made, '^r(%d+)$')
if remaining then return {1, remaining} end
local used = tonumber(redis.call('GET', KEYS[1]) or '0')
if used >= tonumber(ARGV[3]) then return {0, redis.call('PTTL', KEYS[1])} end
used = redis.call('INCR', KEYS[1])
if used == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
keepAnswer('r' .. string.format('%.0f', ARGV[3] - used))
return {1, ARGV[3] - used}`

/** ARGV: keep the call, deadline. */
const clearAttempts = `${keptAnswer}
if made == 'c' then return 1 end
redis.call('DEL', KEYS[1])
keepAnswer('c')
return 1`

/**
 * KEYS: the Stream, the answer, the beginning of the memory, where the place of the sweep is kept, too. ARGV: keep the call, deadline, entry,
 * time to live or '', undone, beginning of the memory. An id is never at or before that beginning, also when the clock went back.
 *
 * Each call sweeps 32 entries from where the last one ended, and round again; more while half of what it sees has ended. So in the time in which
 * n entries are added, 32 n are looked at. The newest stays: it is the epoch.
 */
const revoke = `${keptAnswer}
if made then return made end
local ends = ARGV[4] ~= '' and string.format('%.0f', now + ARGV[4]) or ''
local id = '*'
if now <= tonumber(ARGV[6]) and redis.call('XLEN', KEYS[1]) == 0 then id = ARGV[6] .. '-1' end
id = redis.call('XADD', KEYS[1], id, 'v', '1', 'entry', ARGV[3], 'ends', ends, 'undone', ARGV[5])
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
until seen < 32 or over < 16 or looked >= 512
if #ended > 0 then redis.call('XDEL', KEYS[1], unpack(ended)) end
if seen < 32 then redis.call('HDEL', KEYS[3], 'swept') else redis.call('HSET', KEYS[3], 'swept', swept) end
keepAnswer(id)
return id`

/** ARGV: epoch or '-', count. Answers the newest id, whether the epoch is an entry, the time, and flat records. */
const since = `${storeTime}
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local found, from = 0, '-'
if ARGV[1] ~= '-' then
  found = #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
  from = '(' .. ARGV[1]
end
local flat = {newest and newest[1] or '', found, string.format('%.0f', now)}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[2])) do
  if entry[2][2] ~= '1' then return ${unknownFormat} end
  flat[#flat + 1] = entry[1]
  for field = 4, 8, 2 do flat[#flat + 1] = entry[2][field] end
end
return flat`

/** The scripts by name. */
export type Script =
  | 'memory'
  | 'storeClock'
  | 'claimId'
  | 'undoClaim'
  | 'rememberNonce'
  | 'spendNonce'
  | 'undoSpending'
  | 'createFamily'
  | 'rotateFamily'
  | 'revokeFamily'
  | 'undoFamily'
  | 'putRecord'
  | 'keepRecord'
  | 'takeRecord'
  | 'undoTake'
  | 'reserve'
  | 'clearAttempts'
  | 'putDocument'
  | 'removeDocuments'
  | 'listDocuments'
  | 'countDocuments'
  | 'buildIndex'
  | 'revoke'
  | 'since'

const scripts: Readonly<Record<Script, string>> = {
  memory,
  storeClock,
  claimId,
  undoClaim,
  rememberNonce,
  spendNonce,
  undoSpending,
  createFamily,
  rotateFamily,
  revokeFamily,
  undoFamily,
  putRecord,
  keepRecord,
  takeRecord,
  undoTake,
  reserve,
  clearAttempts,
  putDocument,
  removeDocuments,
  listDocuments,
  countDocuments,
  buildIndex,
  revoke,
  since,
}

/** Scripts whose second key keeps the answer to the call. */
const keepingAnswers: ReadonlySet<string> = new Set<Script>([
  'putRecord',
  'keepRecord',
  'takeRecord',
  'undoTake',
  'reserve',
  'clearAttempts',
])

/** Scripts with a third key, or with an index: behind the key of the answer, or behind the first. */
const indexed: ReadonlyMap<string, number> = new Map<Script, number>([
  ['revoke', 3],
  ['putDocument', 3],
  ['removeDocuments', 3],
  ['listDocuments', 2],
  ['countDocuments', 2],
  ['buildIndex', 2],
])

/** Runs a script on one key, and that of its answer. */
export type RunScript = (script: Script, key: string, ...args: readonly (string | number)[]) => Promise<unknown>

type RunDefined = (this: RedisClient, key: string, ...args: readonly (string | number)[]) => Promise<unknown>

const notDefined: RunDefined = () => Promise.reject(new Error('the client does not define commands'))

/** Of the commands that are defined on the host's client: a release with other scripts has other names. */
const scriptsVersion = 7

/** Defines the scripts on a client, which sends them by digest and again in full where the server does not know them. */
export function defineScripts(client: RedisClient): RunScript {
  for (const [name, lua] of Object.entries(scripts))
    client.defineCommand(`countersign_${name}_${scriptsVersion}`, {
      lua,
      numberOfKeys: indexed.get(name) ?? (keepingAnswers.has(name) ? 2 : 1),
    })
  const defined = client as unknown as Readonly<Record<string, RunDefined>>
  const names = new Map<string, string>()
  for (const name of Object.keys(scripts)) names.set(name, `countersign_${name}_${scriptsVersion}`)
  return (script, key, ...args) => (defined[names.get(script) ?? ''] ?? notDefined).call(client, key, ...args)
}
