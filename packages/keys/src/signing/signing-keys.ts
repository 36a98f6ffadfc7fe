import { type AsymmetricAlgorithm, eventChannel, type Now, orUnavailable, type RevocationPublisher, shownValue } from '@countersign/core'
import type { Ring, Rings } from '../ring.js'
import { type Envelope, encryptionIdOf } from './envelope.js'
import { completeUse, importedKey, type KeyUse, newKey } from './new-key.js'
import { type KeyTimes, type OwnKey, ownKeyState, type SigningKeyState, verifiesUntil as verifiedUntil } from './signing-key.js'
import {
  activateKey,
  addFirstKeys,
  addKey,
  announcedElsewhere,
  eraseKeys,
  liveKeys,
  type Moment,
  type NewKey,
  retireKey,
  revokeKey,
  type StepResult,
} from './signing-key-steps.js'
import type { Use } from './succession.js'

/** A key of our own as it is shown: without anything private. Times are epoch seconds and may have a fraction. */
export interface SigningKeyView {
  readonly kid: string
  readonly algorithm: AsymmetricAlgorithm
  readonly purpose: string
  readonly state: SigningKeyState
  readonly stagedAt: number
  readonly activeAt: number | undefined
  readonly retireAt: number | undefined
  /** Until when tokens that it signed are accepted; undefined for a key that has no end yet. */
  readonly verifiesUntil: number | undefined
  readonly revokedAt: number | undefined
  /** Id of the key-encryption key that its private half is kept under; undefined where the registry has none. */
  readonly encryptionId: string | undefined
}

/** How a key begins to sign. */
export interface ActivateOptions {
  /** At once, although verifiers may not know the key yet. @defaultValue false */
  readonly force?: boolean
  /** Later, by itself, where it is too early. @defaultValue false */
  readonly whenSafe?: boolean
}

/** The life of the keys that we sign with. Every method rejects with `Unavailable` when the store is out of reach. */
export interface SigningKeys {
  /**
   * Makes a key and publishes it; it signs after `activate`. The first key of the issuer signs at once, the first one of a
   * further use as soon as verifiers know it. Rejects with TypeError without `encryption`.
   */
  generate(use?: KeyUse): Promise<StepResult>
  /**
   * Publishes a key that a KMS holds; otherwise like `generate`.
   * @param jwk - the public key. Rejects with TypeError for one that is refused
   */
  stage(jwk: Readonly<Record<string, unknown>>, use?: KeyUse): Promise<StepResult>
  /** Lets a staged key sign, and the one before it retire. Refused before every verifier can know the key. */
  activate(kid: string, options?: ActivateOptions): Promise<StepResult>
  /** Makes the next key and lets it take over by itself as soon as that is safe. */
  rotate(use?: KeyUse): Promise<StepResult>
  /** Withdraws a key that does not sign. The one that signs is ended by its successor: `last_key`. */
  retire(kid: string): Promise<StepResult>
  /**
   * Ends all belief in a key at once and for ever: the denylist first, also for a key that the registry does not know, then
   * the registry. An active key is replaced by a standby or, with `encryption`, by a new one.
   */
  revoke(kid: string, options?: { readonly reason?: string }): Promise<StepResult>
  /** Seals every private key under the current key-encryption key; then the previous ones can go. Gives how many there were. */
  reseal(): Promise<number>
  list(): Promise<readonly SigningKeyView[]>
}

/** Own keys, and what the registry does with them by itself. */
export interface OwnKeyLife extends SigningKeys {
  /** Makes a key for each algorithm that has none. */
  ensureFirst(): Promise<void>
  /** Revokes a key in the registry that is on the denylist. The process that announced it failed before this step, or is about to take it. */
  followRevocation(kid: string): Promise<void>
  /** Erases private keys that are not needed any more. Nobody waits for it: where it fails, the next reading of the ring tries again. */
  erase(ring: Ring<OwnKey>): void
}

/** What {@link createOwnKeys} needs. */
export interface OwnKeysOptions {
  readonly issuer: string
  readonly rings: Rings<OwnKey>
  readonly revocations: Pick<RevocationPublisher, 'revoke'> | undefined
  readonly envelope: Envelope | undefined
  readonly algorithms: readonly [AsymmetricAlgorithm, ...AsymmetricAlgorithm[]]
  readonly times: KeyTimes
  readonly now: Now
}

type StepOf<R> = (moment: Moment) => { readonly keys?: readonly OwnKey[]; readonly result: R }

const events = eventChannel('countersign:key')

/** Own keys over rings. The ring of an issuer holds all of them. */
export function createOwnKeys(options: OwnKeysOptions): OwnKeyLife {
  const { issuer, rings, revocations, envelope, algorithms, times } = options
  const nowSeconds = (): number => options.now() / 1000
  const momentOf = (keys: readonly OwnKey[]): Moment => ({ keys, times, now: nowSeconds() })
  const useOf = (use: KeyUse = {}): Use => completeUse(use, algorithms[0])
  const audit = (action: string, kid: string, outcome: string): void => events.publish({ action, owner: issuer, outcome, kid })

  /** One atomic step; what has become superfluous goes with it. */
  async function change<R>(step: StepOf<R>): Promise<R> {
    const { result, erased } = await rings.change(issuer, (keys) => {
      const stepped = step(momentOf(keys))
      const tidy = eraseKeys(momentOf(stepped.keys ?? keys))
      const after = tidy.keys ?? stepped.keys
      return { ...(after && { keys: after }), result: { result: stepped.result, erased: tidy.result } }
    })
    for (const kid of erased) audit('erase', kid, 'done')
    return result
  }

  async function take(action: string, kid: string, step: StepOf<StepResult>): Promise<StepResult> {
    const result = await change(step)
    audit(action, kid, result.ok ? 'done' : result.reason)
    return result
  }

  async function add(action: string, key: NewKey, wanted: 'standby' | 'when_safe' = 'standby'): Promise<StepResult> {
    return take(action, key.kid, (moment) => addKey(moment, key, wanted))
  }

  /** Only a key that we made and that may sign still has a private half; only such a one can be replaced by us. */
  async function spareFor(kid: string): Promise<NewKey | undefined> {
    const key = (await rings.read(issuer)).keys.find((one) => one.kid === kid)
    return key?.sealed === undefined || envelope === undefined
      ? undefined
      : newKey({ algorithm: key.algorithm, purpose: key.purpose }, envelope)
  }

  async function eraseOld(keys: readonly OwnKey[]): Promise<void> {
    if (envelope !== undefined && eraseKeys(momentOf(keys)).keys) await change(() => ({ result: undefined }))
  }

  return {
    generate: async (use) => add('generate', await newKey(useOf(use), envelope)),
    stage: async (jwk, use) => add('stage', importedKey(jwk, useOf(use))),
    rotate: async (use) => add('rotate', await newKey(useOf(use), envelope), 'when_safe'),
    activate: (kid, { force = false, whenSafe = false } = {}) =>
      take('activate', kid, (moment) => activateKey(moment, kid, { force, whenSafe })),
    retire: (kid) => take('retire', kid, (moment) => retireKey(moment, kid)),
    async revoke(kid, { reason = 'compromised' } = {}) {
      if (typeof kid !== 'string' || kid === '') throw new TypeError(`revoke: kid must be a non-empty string, got ${shownValue(kid)}`)
      if (revocations) await orUnavailable(async () => revocations.revoke({ type: 'signing_key', issuer, kid }))
      const spare = await spareFor(kid)
      return take('revoke', kid, (moment) => revokeKey(moment, kid, { reason, spare }))
    },
    async reseal() {
      if (envelope === undefined) throw new TypeError('reseal: option `encryption` of createKeyRegistry is missing')
      const isOld = ({ sealed }: OwnKey): boolean => sealed !== undefined && !envelope.isCurrent(sealed)
      const again = ({ sealed = '', kid }: OwnKey): string => envelope.seal(envelope.open(sealed, kid), kid)
      return change(({ keys }) => {
        const count = keys.filter(isOld).length
        return { ...(count > 0 && { keys: keys.map((key) => (isOld(key) ? { ...key, sealed: again(key) } : key)) }), result: count }
      })
    },
    async list() {
      const { keys } = await rings.read(issuer)
      return keys.map((key) => {
        const { kid, algorithm, purpose, stagedAt, activeAt, retireAt, revokedAt, sealed } = key
        const encryptionId = sealed === undefined ? undefined : encryptionIdOf(sealed)
        const verifiesUntil = retireAt === undefined ? undefined : verifiedUntil(key, times)
        const state = ownKeyState(key, times, nowSeconds())
        return { kid, algorithm, purpose, state, stagedAt, activeAt, retireAt, verifiesUntil, revokedAt, encryptionId }
      })
    },
    async ensureFirst() {
      const moment = momentOf((await rings.read(issuer)).keys)
      // Most starts find their keys; then no pair need be made.
      const missing = algorithms.map((algorithm) => useOf({ algorithm })).filter((use) => liveKeys(moment, use).length === 0)
      if (missing.length === 0) return
      const made = await Promise.all(missing.map((use) => newKey(use, envelope)))
      for (const kid of await change((moment) => addFirstKeys(moment, made))) audit('generate', kid, 'done')
    },
    async followRevocation(kid) {
      const spare = await spareFor(kid)
      await take('revoke', kid, (moment) => revokeKey(moment, kid, { reason: announcedElsewhere, spare }))
    },
    erase: ({ keys }) => void eraseOld(keys).catch(() => undefined),
  }
}
