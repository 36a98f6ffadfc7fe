import { type KeyTimes, type OwnKey, ownKeyState, safeToActivateAt, verifies, verifiesUntil } from './signing-key.js'
import { areOfOneUse, beginsAfter, type Use, withSuccession } from './succession.js'

/** The result of a step. A step that would open a gap is refused with the time at which it is safe. Times are epoch seconds. */
export type StepResult =
  | { readonly ok: true; readonly kid: string; readonly activeAt?: number }
  | { readonly ok: false; readonly reason: 'unknown' | 'wrong_state' }
  | { readonly ok: false; readonly reason: 'too_early' | 'last_key'; readonly safeAt?: number }

/** The keys after a step; undefined if they stay as they are. */
export interface Step {
  readonly keys?: readonly OwnKey[]
  readonly result: StepResult
}

/** A ring before a step, and the instant of the step in epoch seconds. */
export interface Moment {
  readonly keys: readonly OwnKey[]
  readonly times: KeyTimes
  readonly now: number
}

/** A key that is not published yet. */
export type NewKey = Omit<OwnKey, 'stagedAt'>

/** When a key that is added begins to sign: not before `activate`, when that is safe, or at once. */
type Beginning = 'standby' | 'when_safe' | 'now'

/** The reason of a revocation that was found on the denylist; the process that announced it may know a better one. */
export const announcedElsewhere = 'announced'

/** How long a retired key is listed before it is forgotten. */
const keepRetiredSeconds = 30 * 86_400

const refused = (reason: 'unknown' | 'wrong_state'): Step => ({ result: { ok: false, reason } })

/** Keys of a use that sign or may come to. */
export function liveKeys({ keys, times, now }: Moment, use: Use): readonly OwnKey[] {
  return keys.filter((key) => areOfOneUse(key, use) && ['active', 'staged'].includes(ownKeyState(key, times, now)))
}

function begin({ keys, now }: Moment, kid: string, activeAt: number): readonly OwnKey[] {
  return withSuccession(
    keys.map((key) => (key.kid === kid ? { ...key, activeAt } : key)),
    now,
  )
}

/** Where nothing of a use signs, nobody is served by waiting, unless verifiers keep a set that they fetched without the key. */
function beginningOf(moment: Moment, use: Use, wanted: Beginning): Beginning {
  if (liveKeys(moment, use).length > 0) return wanted
  const isNewUse = !moment.keys.some((key) => areOfOneUse(key, use) && key.activeAt !== undefined)
  return isNewUse && moment.keys.some((key) => verifies(key, moment.times, moment.now)) ? 'when_safe' : 'now'
}

function insert(moment: Moment, added: NewKey, beginning: Beginning): Step {
  const { keys, times, now } = moment
  const { kid } = added
  if (keys.some((key) => key.kid === kid)) return refused('wrong_state')
  const key: OwnKey = { ...added, stagedAt: now }
  const all = [...keys, key]
  if (beginning === 'standby') return { keys: all, result: { ok: true, kid } }
  const activeAt = beginning === 'now' ? now : safeToActivateAt(key, times)
  return { keys: begin({ ...moment, keys: all }, kid, activeAt), result: { ok: true, kid, activeAt } }
}

/** Publishes a key. The first one of its use does not wait for `activate`. */
export function addKey(moment: Moment, key: NewKey, wanted: 'standby' | 'when_safe'): Step {
  return insert(moment, key, beginningOf(moment, key, wanted))
}

/** Publishes those of the keys whose use has none. Together they are the first ones, and wait for nobody. */
export function addFirstKeys(
  moment: Moment,
  added: readonly NewKey[],
): { readonly keys?: readonly OwnKey[]; readonly result: readonly string[] } {
  const missing = added.filter((key) => liveKeys(moment, key).length === 0)
  if (missing.length === 0) return { result: [] }
  const keys = missing.reduce(
    (before, key) => insert({ ...moment, keys: before }, key, beginningOf(moment, key, 'now')).keys ?? before,
    moment.keys,
  )
  return { keys, result: missing.map(({ kid }) => kid) }
}

/** Lets a staged key sign: now, if that is safe or forced, or as soon as it is safe. */
export function activateKey(moment: Moment, kid: string, how: { readonly force: boolean; readonly whenSafe: boolean }): Step {
  const { keys, times, now } = moment
  const key = keys.find((one) => one.kid === kid)
  if (key === undefined) return refused('unknown')
  if (ownKeyState(key, times, now) !== 'staged') return refused('wrong_state')
  const safeAt = safeToActivateAt(key, times)
  const mustWait = !how.force && now < safeAt
  if (mustWait && !how.whenSafe) return { result: { ok: false, reason: 'too_early', safeAt } }
  const activeAt = mustWait ? safeAt : beginsAfter(keys, key, now)
  return { keys: begin(moment, kid, activeAt), result: { ok: true, kid, activeAt } }
}

/** Ends a key that does not sign; the one that signs is ended by its successor. */
export function retireKey({ keys, times, now }: Moment, kid: string): Step {
  const key = keys.find((one) => one.kid === kid)
  if (key === undefined) return refused('unknown')
  switch (ownKeyState(key, times, now)) {
    case 'revoked':
      return refused('wrong_state')
    case 'retiring':
    case 'retired':
      return { result: { ok: true, kid } }
    case 'active':
      return { result: { ok: false, reason: 'last_key', ...(key.retireAt !== undefined && { safeAt: key.retireAt }) } }
    case 'staged': {
      const retired = keys.map((one) => (one === key ? { ...one, retireAt: now } : one))
      return { keys: withSuccession(retired, now), result: { ok: true, kid } }
    }
  }
}

/** Ends all belief in a key. If it signed, the standby that was published longest takes its place, else `spare`. */
export function revokeKey(
  moment: Moment,
  kid: string,
  { reason, spare }: { readonly reason: string; readonly spare: NewKey | undefined },
): Step {
  const { keys, times, now } = moment
  const key = keys.find((one) => one.kid === kid)
  if (key === undefined) return refused('unknown')
  if (key.revokedAt !== undefined) {
    const isBetter = key.revokedFor === announcedElsewhere && reason !== announcedElsewhere
    const told = keys.map((one) => (one === key ? { ...one, revokedFor: reason } : one))
    return { ...(isBetter && { keys: told }), result: { ok: true, kid } }
  }
  const { sealed: _, ...open } = key
  const revoked = withSuccession(
    keys.map((one) => (one === key ? { ...open, revokedAt: now, revokedFor: reason } : one)),
    now,
  )
  const after = { ...moment, keys: revoked }
  const rest = liveKeys(after, key)
  const result: StepResult = { ok: true, kid }
  if (ownKeyState(key, times, now) !== 'active' || rest.some((one) => ownKeyState(one, times, now) === 'active'))
    return { keys: revoked, result }
  // Verifiers ask for an unknown kid at once; waiting would only stop the issuer.
  const [standby] = [...rest].sort((one, other) => one.stagedAt - other.stagedAt)
  if (standby) return { keys: begin(after, standby.kid, now), result }
  return { keys: spare ? (insert(after, spare, 'now').keys ?? revoked) : revoked, result }
}

/**
 * Retired keys lose their private half, and after 30 days their place; revoked ones stay as tombstones.
 *
 * @returns the kids of the private keys that were erased
 */
export function eraseKeys({ keys, times, now }: Moment): { readonly keys?: readonly OwnKey[]; readonly result: readonly string[] } {
  const listed = keys.filter((key) => key.revokedAt !== undefined || now < verifiesUntil(key, times) + keepRetiredSeconds)
  const spent = listed.filter(
    ({ sealed, retireAt }) => sealed !== undefined && retireAt !== undefined && now >= retireAt + times.toleranceSeconds,
  )
  if (spent.length === 0 && listed.length === keys.length) return { result: [] }
  const erased = listed.map((key) => {
    if (!spent.includes(key)) return key
    const { sealed: _, ...open } = key
    return open
  })
  return { keys: erased, result: spent.map(({ kid }) => kid) }
}
