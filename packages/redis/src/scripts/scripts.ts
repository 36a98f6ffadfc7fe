import type { RedisClient } from '../connection/redis-client.js'
import { keepRecord, putRecord, readRecord, takeRecord, undoTake } from './challenge-scripts.js'
import { claimId, undoClaim } from './claim-scripts.js'
import { addCollections, listCollections } from './collection-scripts.js'
import { buildIndex, countDocuments, listDocuments, putDocument, removeDocuments, undoPut } from './document-scripts.js'
import { createFamily, revokeFamily, rotateFamily, undoFamily } from './family-scripts.js'
import { memory } from './memory-script.js'
import { rememberNonce, spendNonce, undoSpending } from './nonce-scripts.js'
import { appendAudit, readStream, revoke, since } from './revocation-scripts.js'
import { keptAnswer, storeTime } from './script-parts.js'

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
  | 'readRecord'
  | 'takeRecord'
  | 'undoTake'
  | 'reserve'
  | 'clearAttempts'
  | 'putDocument'
  | 'undoPut'
  | 'removeDocuments'
  | 'listDocuments'
  | 'countDocuments'
  | 'buildIndex'
  | 'revoke'
  | 'since'
  | 'readStream'
  | 'appendAudit'
  | 'addCollections'
  | 'listCollections'

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
  readRecord,
  takeRecord,
  undoTake,
  reserve,
  clearAttempts,
  putDocument,
  undoPut,
  removeDocuments,
  listDocuments,
  countDocuments,
  buildIndex,
  revoke,
  since,
  readStream,
  appendAudit,
  addCollections,
  listCollections,
}

/** Scripts whose second key keeps the answer to the call. */
const keepingAnswers: ReadonlySet<string> = new Set<Script>(['undoTake', 'reserve', 'clearAttempts', 'appendAudit'])

/** Scripts with a third key, or with an index: behind the key of the answer, or behind the first. */
const indexed: ReadonlyMap<string, number> = new Map<Script, number>([
  ['revoke', 3],
  ['putRecord', 3],
  ['keepRecord', 3],
  ['readRecord', 2],
  ['takeRecord', 3],
  ['putDocument', 3],
  ['undoPut', 3],
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
const scriptsVersion = 10

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
