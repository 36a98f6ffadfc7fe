import { createHash } from 'node:crypto'
import type { RedisClient } from '../connection/redis-client.js'
import { keepRecord, putRecord, readRecord, takeRecord, undoTake } from './challenge-scripts.js'
import { claimId, undoClaim } from './claim-scripts.js'
import { addCollections, listCollections } from './collection-scripts.js'
import { buildIndex, countDocuments, listDocuments, putDocument, removeDocuments, undoPut } from './document-scripts.js'
import { createFamily, revokeFamily, rotateFamily, undoFamily } from './family-scripts.js'
import { memory } from './memory-script.js'
import { rememberNonce, spendNonce, undoSpending } from './nonce-scripts.js'
import { appendAudit, readStream, revoke, since } from './revocation-scripts.js'
import { keepingAnswer, keptAnswer, storeTime } from './script-parts.js'

/** The time of the server that has the key. */
const storeClock = `${storeTime}
return string.format('%.0f', now)`

/** ARGV: keep the call, deadline, limit, window. */
const reserve = `${keepingAnswer}
local used, limit = tonumber(redis.call('GET', KEYS[1]) or '0'), tonumber(ARGV[3])
if used >= limit or not keepFirst('r' .. string.format('%.0f', limit - used - 1)) then
  local remaining = string.match(redis.call('GET', KEYS[2]) or '', '^r(%d+)$')
  if remaining then return {1, remaining} end
  return {0, redis.call('PTTL', KEYS[1])}
end
if redis.call('INCR', KEYS[1]) == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return {1, limit - used - 1}`

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

export const scripts: Readonly<Record<Script, string>> = {
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

/** Scripts with more keys than one: that of the answer, and a third or an index. */
const keyCounts: ReadonlyMap<Script, number> = new Map<Script, number>([
  ['undoTake', 2],
  ['reserve', 2],
  ['clearAttempts', 2],
  ['appendAudit', 2],
  ['revoke', 3],
  ['putRecord', 2],
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

/** How many keys a script has. */
export const keyCountOf = (script: Script): number => keyCounts.get(script) ?? 1

/** Runs a script on one key, and those beside it. */
export type RunScript = (script: Script, key: string, ...args: readonly (string | number)[]) => Promise<unknown>

/** A command that was defined on a client. */
export type RunDefined = (this: RedisClient, ...args: readonly (string | number)[]) => Promise<unknown>

/** For a client that defines no commands. */
export const notDefined: RunDefined = () => Promise.reject(new Error('the client does not define commands'))

/** Of the commands that are defined on the host's client: a release with other scripts has other names. */
const scriptsVersion = 12

/** Defines a script on a client, which sends it by digest and again in full where the server does not know it. */
export function defineScript(
  client: RedisClient,
  name: string,
  definition: { readonly lua: string; readonly numberOfKeys?: number },
): RunDefined {
  const command = `countersign_${name}_${scriptsVersion}`
  client.defineCommand(command, definition)
  return (client as unknown as Readonly<Record<string, RunDefined>>)[command] ?? notDefined
}

/** Defines the scripts on a client. Each call is sent by itself. */
export function defineScripts(client: RedisClient): RunScript {
  const defined = new Map<Script, RunDefined>()
  for (const [name, lua] of Object.entries(scripts) as [Script, string][])
    defined.set(name, defineScript(client, name, { lua, numberOfKeys: keyCountOf(name) }))
  return (script, key, ...args) => (defined.get(script) ?? notDefined).call(client, key, ...args)
}

/** Commands of ioredis that send a script. */
interface ScriptClient {
  evalsha(sha: string, keys: number, ...args: readonly (string | number)[]): Promise<unknown>
  eval(lua: string, keys: number, ...args: readonly (string | number)[]): Promise<unknown>
}

/**
 * Runs scripts as {@link defineScripts} does, and tells when: a server that forgot a script gets it a second time, behind what was sent meanwhile. The
 * driver does not tell that of commands that are defined.
 *
 * @returns takes what is called right behind each sending, with the key
 */
export function toldScripts(client: RedisClient): (sent: (key: string) => void) => RunScript {
  const known = Object.fromEntries(
    Object.entries(scripts).map(([name, lua]) => [
      name,
      { lua, sha: createHash('sha1').update(lua).digest('hex'), keys: keyCountOf(name as Script) },
    ]),
  ) as Readonly<Record<Script, { readonly lua: string; readonly sha: string; readonly keys: number }>>
  const sender = client as unknown as ScriptClient
  return (sent) => {
    const told = (key: string, answer: Promise<unknown>): Promise<unknown> => {
      sent(key)
      return answer
    }
    return (script, key, ...args) => {
      const { lua, sha, keys } = known[script]
      return told(key, sender.evalsha(sha, keys, key, ...args)).catch((error: unknown) => {
        if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
        return told(key, sender.eval(lua, keys, key, ...args))
      })
    }
  }
}
