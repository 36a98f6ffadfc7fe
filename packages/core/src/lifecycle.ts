/** Whether something is ready to serve, and if not, why not, part by part. */
export interface Readiness {
  readonly ok: boolean
  /** By the name that the host gave to the part. `cause` is for the host's log. */
  readonly parts: Readonly<Record<string, { readonly ok: true } | { readonly ok: false; readonly cause: unknown }>>
  /**
   * Names of parts that are not ready and do not count: another party's outage must not take this process out of service. Given by guards and
   * verifiers.
   */
  readonly degraded?: readonly string[]
}

/** What a check of readiness depends on. */
export interface ReadyOptions {
  /** Names of parts without which nothing is ready, although they are another party's. @defaultValue none */
  readonly required?: readonly string[]
}

/** The cause of the first part that is not ready, where something answers with a readiness of its own. */
function requireReady(answer: unknown): void {
  const { ok, parts } = (answer ?? {}) as Partial<Readiness>
  if (ok !== false) return
  const failed = Object.values(parts ?? {}).find((part) => !part.ok)
  throw failed?.ok === false ? failed.cause : new Error('not ready')
}

/**
 * Asks parts at the same time.
 *
 * @param parts - by name; each rejects with the cause if it is not ready, or answers with a readiness of its own
 * @example
 * const { ok } = await checkParts({ store: async () => undefined })
 * console.log(ok) // → true
 */
export async function checkParts(parts: Readonly<Record<string, () => unknown>>): Promise<Readiness> {
  const found = await Promise.all(
    Object.entries(parts).map(async ([name, check]): Promise<[string, Readiness['parts'][string]]> => {
      try {
        requireReady(await check())
        return [name, { ok: true }]
      } catch (cause) {
        return [name, { ok: false, cause }]
      }
    }),
  )
  return { ok: found.every(([, { ok }]) => ok), parts: Object.fromEntries(found) }
}

/**
 * All parts under their own names. Where two have one name, the one that is not ready is shown.
 *
 * @example
 * const { ok, parts } = joinReadiness([await checkParts({ store: async () => undefined }), await checkParts({ keys: async () => undefined })])
 * console.log(ok, Object.keys(parts)) // → true [ 'store', 'keys' ]
 */
export function joinReadiness(found: readonly Readiness[]): Readiness & Required<Pick<Readiness, 'degraded'>> {
  const entries = found.flatMap(({ parts }) => Object.entries(parts))
  const failed = entries.filter(([, { ok }]) => !ok)
  return {
    ok: found.every(({ ok }) => ok),
    parts: Object.fromEntries([...entries, ...failed]),
    degraded: found.flatMap(({ degraded = [] }) => degraded),
  }
}

/** What everything has that holds a timer or a connection. */
export interface Lifecycle {
  /** Resolves when every part was tried once. Never rejects for a part that is down: start-up never depends on it. */
  ready(): Promise<Readiness>
  /** Ends timers and connections of its own; what the host gave stays open. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
