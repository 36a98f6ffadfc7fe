import type { DescribedKey, IssuerDescription, KeySet, Lifecycle, Readiness, ReadyOptions, RevocationView } from '@countersign/core'
import type { IssuerRule } from '../issuers/issuer-entry.js'
import type { TrustedIssuer } from '../issuers/trust.js'

/** What `ready()` of a guard or verifier answers. */
export interface IssuerReadiness extends Readiness {
  /** Names of entries whose keys cannot be fetched from a foreign issuer. Their tokens are refused with 503; all others are served, so `ok` stays true. */
  readonly degraded: readonly string[]
}

type Part = Readiness['parts'][string]

function requireUsable({ keys }: KeySet, { algorithms }: IssuerRule): void {
  if (keys.some((key) => key.algorithms.some((algorithm) => algorithms.has(algorithm)))) return
  throw new Error(`the issuer has no key that fits ${[...algorithms].join(', ')}`)
}

async function partOf({ keys, rule }: TrustedIssuer): Promise<Part> {
  try {
    await keys.ready()
    if (keys.known) requireUsable(await keys.known(), rule)
    return { ok: true }
  } catch (cause) {
    return { ok: false, cause }
  }
}

async function keysOf({ keys }: TrustedIssuer): Promise<readonly DescribedKey[] | undefined> {
  await keys.ready()
  return (await keys.known?.())?.keys.map(({ kid, algorithms }) => ({ kid, algorithms }))
}

/** Shows what is believed of an issuer. */
export function describeIssuer(trusted: TrustedIssuer): IssuerDescription {
  const { via, issuer, rule, isRemote } = trusted
  const { audience, types, toleranceSeconds: clockToleranceSeconds, maxAgeSeconds, maxFutureIssuedSeconds } = rule
  const rules = { algorithms: [...rule.algorithms], audience, types, clockToleranceSeconds, maxAgeSeconds, maxFutureIssuedSeconds }
  return { via, issuer, ...rules, isRemote, keys: () => keysOf(trusted) }
}

function namesOf(required: unknown): readonly string[] {
  if (Array.isArray(required) && required.every((name) => typeof name === 'string')) return required
  throw new TypeError(`ready: required must be a list of names of parts, got ${JSON.stringify(required)}`)
}

/**
 * Asks every issuer for its keys, and the view of revocations, where it has a store. A view without one, or a function of the host's over one,
 * tells nothing.
 *
 * @throws TypeError if `required` is not a list of names
 */
export async function readinessOf(
  issuers: readonly TrustedIssuer[],
  view: (RevocationView & Partial<Lifecycle>) | undefined,
  { required = [] }: ReadyOptions = {},
): Promise<IssuerReadiness> {
  const names = namesOf(required)
  const ofView = typeof view?.ready === 'function' ? view.ready() : undefined
  const found = await Promise.all(issuers.map(async (issuer) => ({ issuer, part: await partOf(issuer) })))
  const parts: Record<string, Part> = {}
  const [failed, failedHere] = [new Set<string>(), new Set<string>()]
  for (const { issuer, part } of found) {
    if (part.ok) parts[issuer.via] ??= part
    else {
      parts[issuer.via] = part
      ;(issuer.isRemote ? failed : failedHere).add(issuer.via)
    }
  }
  // An entry may have the same name: what is not ready is shown.
  for (const [name, part] of Object.entries((await ofView)?.parts ?? {})) {
    if (!part.ok) failedHere.add(name)
    if (!part.ok || parts[name] === undefined) parts[name] = part
  }
  for (const name of names) {
    if (failed.has(name)) failedHere.add(name)
    if (parts[name] !== undefined) continue
    // A misspelt name would otherwise be required of nobody.
    parts[name] = { ok: false, cause: new TypeError(`ready: required must name parts, got ${JSON.stringify(name)}`) }
    failedHere.add(name)
  }
  const degraded = [...failed].filter((name) => !failedHere.has(name))
  return { ok: failedHere.size === 0, parts, degraded }
}
