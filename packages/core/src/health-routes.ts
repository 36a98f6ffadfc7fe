import { askInTime } from './ask-in-time.js'
import { callListener } from './call-listener.js'
import { jsonReply, type Reply, type RouteTable } from './http.js'
import type { Readiness, ReadyOptions } from './lifecycle.js'
import { checkOptions } from './options/check-options.js'
import { kind } from './options/kinds.js'
import type { OptionShape } from './options/option-kind.js'
import { steadyMs } from './request-timer.js'

/** Something that can say whether it is ready: a guard, stores, an endpoint, a key registry, or an object of the host's. */
export interface HealthPart {
  /** Rejects, or gives a readiness that is not ok, if it is not ready. */
  ready(options?: ReadyOptions): Promise<unknown>
}

/** The options of {@link healthRoutes}. */
export interface HealthRoutesOptions {
  /** What must be ready, by a name for the reply. */
  readonly parts: Readonly<Record<string, HealthPart>>
  /** For each part, the names of its own parts that count although they are another party's, for instance `{ guard: ['cognito'] }`. @defaultValue none */
  readonly required?: Readonly<Record<string, readonly string[]>>
  /** Path that says whether the process is alive. @defaultValue `/livez` */
  readonly livePath?: string
  /** Path that says whether it is ready. @defaultValue `/readyz` */
  readonly readyPath?: string
  /** How long one answer is given to all, in seconds. @defaultValue 1 */
  readonly cacheSeconds?: number
  /** How long a part may take, in seconds. A part that takes longer is not ready. @defaultValue 5 */
  readonly timeoutSeconds?: number
  /** Whether the process is about to end. Then `/readyz` answers 503 and asks no part. @defaultValue never */
  readonly isStopping?: () => boolean
  /** Gets what is not ready, with its causes, at most once for each answer: for the log. Nothing of a cause is in the reply. */
  readonly onNotReady?: (readiness: Readiness) => void
}

const shape: OptionShape<HealthRoutesOptions> = {
  parts: kind.required(kind.recordOf(kind.having('an object with the method ready', 'ready'))),
  required: kind.recordOf(kind.listOf(kind.string, 0)),
  livePath: kind.string,
  readyPath: kind.string,
  cacheSeconds: kind.seconds,
  timeoutSeconds: kind.positiveSeconds,
  isStopping: kind.func,
  onNotReady: kind.func,
}

const noStore = { 'cache-control': 'no-store' }
const retryAfterSeconds = 5

type PartState = 'ready' | 'degraded' | 'failed'

/** What a part said. A part that has no readiness of its own is ready if it does not reject. */
async function ask(part: HealthPart, how: ReadyOptions | undefined, timeoutSeconds: number): Promise<Partial<Readiness>> {
  try {
    const answer = await askInTime(async () => part.ready(how), { milliseconds: timeoutSeconds * 1_000, isRepeatable: true })
    return answer ?? {}
  } catch (cause) {
    return { ok: false, parts: { ready: { ok: false, cause } } }
  }
}

/** All parts of all parts under one name each, for instance `guard.cognito`. */
function together(found: readonly (readonly [string, Partial<Readiness>])[]): Required<Readiness> {
  const parts: Record<string, Readiness['parts'][string]> = {}
  const degraded: string[] = []
  for (const [name, { ok = true, parts: own = {}, degraded: others = [] }] of found) {
    const fails = Object.values(own).some((part) => !part.ok)
    if (!ok && !fails) parts[name] = { ok: false, cause: new Error(`${name} is not ready`) }
    else if (Object.keys(own).length === 0) parts[name] = { ok: true }
    for (const [inner, part] of Object.entries(own)) parts[`${name}.${inner}`] = part
    degraded.push(...others.map((inner) => `${name}.${inner}`))
  }
  return { ok: found.every(([, { ok }]) => ok !== false), parts, degraded }
}

function replyOf({ ok, parts, degraded }: Required<Readiness>): Reply {
  const stateOf = (name: string, isReady: boolean): PartState => (isReady ? 'ready' : degraded.includes(name) ? 'degraded' : 'failed')
  const states = Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, stateOf(name, part.ok)]))
  return health(ok, states)
}

function health(ok: boolean, parts: Readonly<Record<string, PartState | 'stopping'>>): Reply {
  return jsonReply(ok ? 200 : 503, { ok, parts }, ok ? noStore : { ...noStore, 'retry-after': String(retryAfterSeconds) })
}

/**
 * Makes two routes for a load balancer or Kubernetes. `GET /livez` answers 200 while the process can answer at all, and asks nothing.
 * `GET /readyz` asks all parts at the same time: 200 if they are ready, 503 with `Retry-After` if not. The reply names each part as `ready`,
 * `degraded` (another party's outage, which does not count) or `failed`, and nothing else.
 *
 * @throws TypeError for an option that is missing, unknown or wrong, and for a name in `required` that names no part
 * @example
 * ```ts
 * import { healthRoutes } from '@countersign/core'
 * import { memoryStores } from '@countersign/core/memory'
 *
 * const routes = healthRoutes({ parts: { stores: memoryStores() } })
 * console.log(routes.map(({ path }) => path)) // → [ '/livez', '/readyz' ]
 * ```
 */
export function healthRoutes(options: HealthRoutesOptions): RouteTable {
  checkOptions('healthRoutes', options, shape)
  const { parts, required = {}, livePath = '/livez', readyPath = '/readyz' } = options
  const { cacheSeconds = 1, timeoutSeconds = 5, isStopping, onNotReady } = options
  const stranger = Object.keys(required).find((name) => !Object.hasOwn(parts, name))
  if (stranger !== undefined)
    throw new TypeError(`healthRoutes: required.${stranger} must be the name of a part, got ${JSON.stringify(stranger)}`)
  const last = { reply: undefined as Promise<Reply> | undefined, freshUntilMs: Number.POSITIVE_INFINITY }

  async function check(): Promise<Reply> {
    const found = await Promise.all(
      Object.entries(parts).map(async ([name, part]) => {
        const names = Object.hasOwn(required, name) ? required[name] : undefined
        return [name, await ask(part, names && { required: names }, timeoutSeconds)] as const
      }),
    )
    const readiness = together(found)
    if (!readiness.ok && onNotReady) callListener(() => onNotReady(readiness))
    last.freshUntilMs = steadyMs() + cacheSeconds * 1_000
    return replyOf(readiness)
  }

  /** One check at a time: probes of many load balancers are one question to a store. */
  function ready(): Promise<Reply> {
    if (last.reply === undefined || steadyMs() >= last.freshUntilMs) {
      last.freshUntilMs = Number.POSITIVE_INFINITY
      last.reply = check()
    }
    return last.reply
  }

  return [
    { method: 'GET', path: livePath, endpoint: async () => jsonReply(200, { ok: true }, noStore) },
    { method: 'GET', path: readyPath, endpoint: async () => (isStopping?.() === true ? health(false, { process: 'stopping' }) : ready()) },
  ]
}
