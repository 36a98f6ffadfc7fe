import {
  asUnavailable,
  checkParts,
  eventChannel,
  isUnavailable,
  type JwtClaims,
  type Lifecycle,
  type NonceEvent,
  type NonceVerdict,
  type Outcome,
  type Readiness,
  type Reason,
  refuse,
  shownValue,
} from '@countersign/core'
import { type IssuedNonce, issueNonce } from './issue-nonce.js'
import type { NonceOptions, NonceRevocations, NonceSubject } from './nonce-options.js'
import { type NonceRules, nonceRules } from './nonce-rules.js'
import { revokedNonce } from './revoked-nonce.js'
import { type VerifiedNonce, verifyNonce } from './verify-nonce.js'

/** Issues and spends one-time JWTs. Both reject with `Unavailable` when the store is out of reach. */
export interface Nonces<Purpose extends string> {
  /** Signs a nonce and remembers it. The only refusal is `too_many`. */
  issue(subject: NonceSubject): Promise<Outcome<IssuedNonce>>
  /**
   * Spends a nonce for one purpose. What fails a check is not spent.
   *
   * @param token - as it was presented; everything that is not a nonce is refused
   * @param binding - who presents it: a nonce of another client is refused as `wrong_client`, and so is every nonce when the
   * `clientId` is there and is not a string
   */
  spend(token: string, purpose: Purpose, binding?: NonceBinding): Promise<Outcome<{ readonly claims: JwtClaims }>>
  /**
   * Whether nonces can be issued and spent now: the parts `store` and, where they are configured, `attempts`, `signer`, `keys` and `revocations`. Both stores are
   * tested for writing. Never rejects for a part that is down.
   */
  ready(): Promise<Readiness>
}

/** Who presents a nonce. */
export interface NonceBinding {
  readonly clientId: string
}

const events = eventChannel('countersign:nonce')

const reasons: Readonly<Record<Exclude<NonceVerdict, 'spent'>, Reason>> = {
  replayed: 'replayed',
  unknown: 'unknown_nonce',
  mismatch: 'wrong_client',
}

/** A name that is allowed to be missing would bind nothing. */
const isBound = (binding: NonceBinding | undefined): boolean =>
  binding === undefined || (typeof binding.clientId === 'string' && binding.clientId !== '')

/** Who says so comes from outside: it is told as long as a client id may be. */
function presenter(binding: NonceBinding | undefined): { readonly clientId?: string } {
  return isBound(binding) && binding !== undefined && binding.clientId.length <= 255 ? { clientId: binding.clientId } : {}
}

async function spendVerified(
  verified: VerifiedNonce,
  purpose: string,
  binding: NonceBinding | undefined,
  rules: NonceRules,
): Promise<VerifiedNonce> {
  const { jti } = verified
  if (!verified.ok || jti === undefined) return verified
  if (!isBound(binding)) return { ok: false, refusal: refuse('wrong_client'), jti }
  const reason = await revokedNonce(verified, rules)
  if (reason !== undefined) return { ok: false, refusal: refuse(reason), jti }
  try {
    const verdict = await rules.store.spend(jti, purpose, binding)
    return verdict === 'spent' ? verified : { ok: false, refusal: refuse(reasons[verdict]), jti }
  } catch (cause) {
    throw asUnavailable(cause)
  }
}

type About = Pick<NonceEvent, 'action' | 'clientId' | 'purpose'>

/** Publishes how a piece of work ended. */
function tell(about: About, result: Outcome<object> & { readonly jti?: string }): void {
  const outcome = result.ok ? (about.action === 'issue' ? 'issued' : 'spent') : result.refusal.reason
  events.publish({ ...about, outcome, ...(result.jti !== undefined && { jti: result.jti }) })
}

/** Publishes that it could not be told. */
function tellOutage(about: About, error: unknown): void {
  if (isUnavailable(error)) events.publish({ ...about, outcome: error.reason })
}

/** What issuing and spending depend on. */
function partsOf({ store, signer, keys, maxIssuedPerClient, revocations }: NonceOptions<string>): Readonly<Record<string, () => unknown>> {
  const view: (NonceRevocations & Partial<Lifecycle>) | undefined = revocations
  return {
    store: () => store.checkWrites?.(),
    ...(maxIssuedPerClient && { attempts: () => maxIssuedPerClient.attempts.checkWrites?.() }),
    ...(signer && { signer: () => signer.current() }),
    ...(keys && { keys: () => keys.ready() }),
    ...(view && { revocations: () => view.ready?.() }),
  }
}

/**
 * One-time JWTs whose single use a store enforces.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createNonces<const Purpose extends string>(options: NonceOptions<Purpose>): Nonces<Purpose> {
  const rules = nonceRules(options)
  const { purposes } = rules
  const parts = partsOf(options)
  return {
    ready: () => checkParts(parts),
    async issue(subject) {
      const about = { action: 'issue', clientId: subject.clientId } as const
      try {
        const result = await issueNonce(subject, rules)
        if (events.hasSubscribers) tell(about, result)
        return result
      } catch (error) {
        tellOutage(about, error)
        throw error
      }
    },
    async spend(token, purpose, binding) {
      const audiences = purposes.get(purpose)
      if (audiences === undefined)
        throw new TypeError(`spend: purpose must be one of ${[...purposes.keys()].join(', ')}, got ${shownValue(purpose)}`)
      try {
        const result = await spendVerified(await verifyNonce(token, audiences, rules), purpose, binding, rules)
        if (events.hasSubscribers) tell({ action: 'spend', purpose, ...presenter(binding) }, result)
        return result.ok ? { ok: true, claims: result.claims } : { ok: false, refusal: result.refusal }
      } catch (error) {
        tellOutage({ action: 'spend', purpose, ...presenter(binding) }, error)
        throw error
      }
    },
  }
}
