import { setImmediate } from 'node:timers'
import { isCluster, type RedisClient } from '../connection/redis-client.js'
import { storeTime } from './script-parts.js'
import { defineScript, defineScripts, keyCountOf, notDefined, type RunDefined, type RunScript, type Script, scripts } from './scripts.js'

/** Runs one script for several calls, with the keys of all of them and the arguments of all of them. Answers an item for each call. */
type RunForMany = (script: Script, keys: readonly string[], args: readonly (string | number)[]) => Promise<unknown>

/** Scripts of requests, whose calls are sent together. */
const sentTogether: ReadonlySet<Script> = new Set<Script>([
  'claimId',
  'rememberNonce',
  'spendNonce',
  'createFamily',
  'rotateFamily',
  'putRecord',
  'keepRecord',
  'readRecord',
  'takeRecord',
  'reserve',
  'putDocument',
])

/** Redis serves nobody else while a script runs. */
const callsAtOnce = 32
/** Characters of a call that is sent with others: a longer one costs too much to be carried about. */
const shortCall = 2_048

/**
 * A script that does for several calls what `lua` does for one, and reads the time once. ARGV[1] is how many calls there are. A call that fails
 * answers its error, and the others are made.
 */
function forMany(lua: string): string {
  return `${storeTime}
local function one(KEYS, ARGV)
${lua.replace(storeTime, '')}
end
local calls = tonumber(ARGV[1])
local keys, args = #KEYS / calls, (#ARGV - 1) / calls
local answers, ownKeys, ownArgs = {}, {}, {}
for call = 1, calls do
  for at = 1, keys do ownKeys[at] = KEYS[(call - 1) * keys + at] end
  for at = 1, args do ownArgs[at] = ARGV[(call - 1) * args + at + 1] end
  local isDone, answer = pcall(one, ownKeys, ownArgs)
  if not isDone and type(answer) ~= 'table' then answer = redis.error_reply(answer) end
  answers[call] = answer
end
return answers`
}

/** Calls of one script with equally many arguments: the script takes its arguments apart by their number. */
interface WaitingCalls {
  readonly script: Script
  readonly calls: WaitingCall[]
}

interface WaitingCall {
  readonly key: string
  readonly args: readonly (string | number)[]
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

function lengthOf(args: readonly (string | number)[]): number {
  let length = 0
  for (const arg of args) length += typeof arg === 'string' ? arg.length : 16
  return length
}

/**
 * Sends calls that are made in one turn of the event loop together: a command of its own for each costs the driver and the server more than what
 * it does. Every call keeps its id, its deadline and its answer.
 *
 * @param keysOf - how many keys a script has; undefined for one whose calls are always sent alone
 */
function together(alone: RunScript, many: RunForMany, keysOf: (script: Script) => number | undefined): RunScript {
  let waiting = new Map<string, WaitingCalls>()

  async function sendMany(script: Script, keyCount: number, calls: readonly WaitingCall[]): Promise<void> {
    const keys: string[] = []
    const args: (string | number)[] = [calls.length]
    for (const call of calls) {
      keys.push(call.key)
      for (const [at, arg] of call.args.entries()) {
        if (at < keyCount - 1) keys.push(String(arg))
        else args.push(arg)
      }
    }
    try {
      const answers = (await many(script, keys, args)) as readonly unknown[]
      for (const [at, { resolve, reject }] of calls.entries()) {
        const answer = answers[at]
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      }
    } catch (error) {
      for (const { reject } of calls) reject(error)
    }
  }

  function send(): void {
    const all = waiting
    waiting = new Map()
    for (const { script, calls } of all.values()) {
      for (let from = 0; from < calls.length; from += callsAtOnce) {
        const some = calls.slice(from, from + callsAtOnce)
        const [only] = some
        if (only && some.length === 1) alone(script, only.key, ...only.args).then(only.resolve, only.reject)
        else void sendMany(script, keysOf(script) ?? 1, some)
      }
    }
  }

  return (script, key, ...args) => {
    if (keysOf(script) === undefined || lengthOf(args) > shortCall) return alone(script, key, ...args)
    return new Promise((resolve, reject) => {
      if (waiting.size === 0) setImmediate(send)
      const call = { key, args, resolve, reject }
      const kind = `${script} ${args.length}`
      const others = waiting.get(kind)
      if (others) others.calls.push(call)
      else waiting.set(kind, { script, calls: [call] })
    })
  }
}

/** Defines the scripts on a client. Calls of the same turn of the event loop are sent together, where one server has all keys. */
export function defineScriptsTogether(client: RedisClient): RunScript {
  const alone = defineScripts(client)
  if (isCluster(client)) return alone
  const defined = new Map<Script, RunDefined>()
  for (const name of sentTogether) defined.set(name, defineScript(client, `${name}_many`, { lua: forMany(scripts[name]) }))
  const many: RunForMany = (script, keys, args) => (defined.get(script) ?? notDefined).call(client, keys.length, ...keys, ...args)
  return together(alone, many, (script) => (sentTogether.has(script) ? keyCountOf(script) : undefined))
}
