import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { type AsymmetricAlgorithm, eventChannel, type Now, type RevocationStore } from '@countersign/core'
import { importJwk, jwkThumbprint, publicJwk } from '@countersign/jwt'
import type { Envelope } from './envelope.js'
import { type KeyTimes, type OwnKey, type OwnKeyState, ownKeyState, safeToActivateAt, verifiesUntil } from './own-key.js'
import { type Ring, type Rings, reachable } from './ring.js'

/** A key of our own as it is shown: without anything private. Times are epoch seconds. */
export interface OwnKeyView {
  readonly kid: string
  readonly algorithm: string
  readonly purpose: string
  readonly state: OwnKeyState
  readonly activeAt: number | undefined
  readonly retireAt: number | undefined
  readonly revokedAt: number | undefined
}

/** What a step came to. A step that would open a gap is refused with the time at which it is safe. */
export type StepResult =
  | { readonly ok: true; readonly kid: string; readonly activeAt?: number }
  | { readonly ok: false; readonly reason: 'unknown' | 'wrong_state' }
  | { readonly ok: false; readonly reason: 'too_early' | 'last_key'; readonly safeAt?: number }

/** Which key is meant when none is named. */
export interface KeyUse {
  /** @defaultValue the registry's first algorithm */
  readonly algorithm?: AsymmetricAlgorithm
  /** @defaultValue `'access_token'` */
  readonly purpose?: string
}

/** The life of the keys that we sign with. Every method rejects with `Unavailable` when the store is out of reach. */
export interface OwnKeys {
  /** Makes a key and publishes it in the JWKS; it signs after `activate`, or when it is the first of its use. */
  generate(use?: KeyUse): Promise<StepResult>
  /** Publishes a key that a KMS holds. */
  stage(jwk: Readonly<Record<string, unknown>>, use?: KeyUse): Promise<StepResult>
  /** Lets a staged key sign, and the one before it retire. `force` does so before verifiers can know it. */
  activate(kid: string, options?: { readonly force?: boolean }): Promise<StepResult>
  /** Makes the next key and lets it take over by itself as soon as that is safe. */
  rotate(use?: KeyUse): Promise<StepResult>
  /** Ends signing with a key; it verifies until its last tokens have expired. */
  retire(kid: string): Promise<StepResult>
  /** Ends all belief in a key at once and for ever: the denylist first, then the registry. An active key is replaced. */
  revoke(kid: string, options?: { readonly reason?: string }): Promise<StepResult>
  list(): Promise<readonly OwnKeyView[]>
}

/** What {@link createOwnKeys} needs. */
export interface OwnKeysOptions {
  readonly issuer: string
  readonly rings: Rings<OwnKey>
  readonly revocations: RevocationStore | undefined
  readonly envelope: Envelope | undefined
  readonly algorithms: readonly AsymmetricAlgorithm[]
  readonly times: KeyTimes
  readonly now: Now
}

type Changed = { readonly keys?: readonly OwnKey[]; readonly result: StepResult }

const events = eventChannel('countersign:key')
const generatePair = promisify(generateKeyPair)
const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }
/** How long a retired key is listed before it is forgotten. */
const keepRetiredSeconds = 30 * 86_400

async function newPair(algorithm: AsymmetricAlgorithm): Promise<KeyObject> {
  const namedCurve = curves[algorithm]
  if (namedCurve !== undefined) return (await generatePair('ec', { namedCurve })).privateKey
  if (algorithm === 'EdDSA' || algorithm === 'Ed25519') return (await generatePair('ed25519', {})).privateKey
  return (await generatePair('rsa', { modulusLength: 2048 })).privateKey
}

/** Own keys over rings. The ring of an issuer holds all of them. */
export function createOwnKeys(options: OwnKeysOptions): OwnKeys {
  const { issuer, rings, revocations, envelope, times } = options
  const nowSeconds = (): number => Math.floor(options.now() / 1000)
  const stateOf = (key: OwnKey): OwnKeyState => ownKeyState(key, times, nowSeconds())
  const useOf = (use: KeyUse = {}): { algorithm: AsymmetricAlgorithm; purpose: string } => {
    const algorithm = use.algorithm ?? options.algorithms[0] ?? 'ES256'
    return { algorithm, purpose: use.purpose ?? 'access_token' }
  }

  function audit(action: string, result: StepResult): StepResult {
    events.publish({ action, owner: issuer, outcome: result.ok ? 'done' : result.reason, ...(result.ok && { kid: result.kid }) })
    return result
  }

  /** Retired keys lose their private half, and after a while their place; revoked ones stay as tombstones. */
  function tidy(keys: readonly OwnKey[]): readonly OwnKey[] {
    const now = nowSeconds()
    return keys
      .filter((key) => key.revokedAt !== undefined || now < verifiesUntil(key, times) + keepRetiredSeconds)
      .map((key) => {
        const { sealed, ...rest } = key
        return sealed === undefined ||
          (key.revokedAt === undefined && (key.retireAt === undefined || now < key.retireAt + times.toleranceSeconds))
          ? key
          : rest
      })
  }

  /** Lets `kid` sign from `at` on, and those of the same use stop then. */
  function takeOver(keys: readonly OwnKey[], kid: string, at: number): readonly OwnKey[] {
    const next = keys.find((key) => key.kid === kid)
    if (next === undefined) return keys
    return keys.map((key) => {
      if (key.kid === kid) return { ...key, activeAt: at }
      const sameUse = key.algorithm === next.algorithm && key.purpose === next.purpose
      const signs =
        sameUse && key.revokedAt === undefined && key.activeAt !== undefined && (key.retireAt === undefined || key.retireAt > at)
      return signs ? { ...key, retireAt: Math.max(at, key.activeAt ?? at) } : key
    })
  }

  async function newKey(use: { algorithm: AsymmetricAlgorithm; purpose: string }): Promise<OwnKey> {
    if (envelope === undefined) throw new TypeError('keys are generated only with `encryption`; otherwise stage the public key of a signer')
    const privateKey = await newPair(use.algorithm)
    const kid = jwkThumbprint(privateKey)
    return { kid, ...use, publicJwk: { ...publicJwk(privateKey) }, sealed: envelope.seal(privateKey, kid), stagedAt: nowSeconds() }
  }

  const liveOf = (ring: Ring<OwnKey>, use: { algorithm: string; purpose: string }): readonly OwnKey[] =>
    ring.keys.filter((key) => key.algorithm === use.algorithm && key.purpose === use.purpose && ['active', 'staged'].includes(stateOf(key)))

  function add(ring: Ring<OwnKey>, key: OwnKey, activeAt: number | undefined): Changed {
    if (ring.keys.some((known) => known.kid === key.kid)) return { result: { ok: false, reason: 'wrong_state' } }
    const first = liveOf(ring, key).length === 0
    // Nobody holds a token of the first key's use, so nobody has to learn of it beforehand.
    const at = first ? key.stagedAt : activeAt
    const keys = tidy([...ring.keys, key])
    return {
      keys: at === undefined ? keys : takeOver(keys, key.kid, at),
      result: { ok: true, kid: key.kid, ...(at !== undefined && { activeAt: at }) },
    }
  }

  function activateIn(ring: Ring<OwnKey>, kid: string, force: boolean): Changed {
    const key = ring.keys.find((one) => one.kid === kid)
    if (key === undefined) return { result: { ok: false, reason: 'unknown' } }
    if (stateOf(key) !== 'staged') return { result: { ok: false, reason: 'wrong_state' } }
    const safeAt = safeToActivateAt(key, times)
    if (!force && nowSeconds() < safeAt) return { result: { ok: false, reason: 'too_early', safeAt } }
    return { keys: tidy(takeOver(ring.keys, kid, nowSeconds())), result: { ok: true, kid, activeAt: nowSeconds() } }
  }

  function retireIn(ring: Ring<OwnKey>, kid: string): Changed {
    const key = ring.keys.find((one) => one.kid === kid)
    if (key === undefined) return { result: { ok: false, reason: 'unknown' } }
    const state = stateOf(key)
    if (state === 'retiring' || state === 'retired') return { result: { ok: true, kid } }
    if (state === 'revoked') return { result: { ok: false, reason: 'wrong_state' } }
    const others = liveOf(ring, key).filter((other) => other.kid !== kid && stateOf(other) === 'active')
    if (state === 'active' && others.length === 0) return { result: { ok: false, reason: 'last_key' } }
    return { keys: tidy(ring.keys.map((one) => (one.kid === kid ? { ...one, retireAt: nowSeconds() } : one))), result: { ok: true, kid } }
  }

  function revokeIn(ring: Ring<OwnKey>, kid: string, reason: string, spare: OwnKey | undefined): Changed {
    const key = ring.keys.find((one) => one.kid === kid)
    if (key === undefined) return { result: { ok: false, reason: 'unknown' } }
    if (key.revokedAt !== undefined) return { result: { ok: true, kid } }
    const wasActive = stateOf(key) === 'active'
    const dead = tidy(ring.keys.map((one) => (one.kid === kid ? { ...one, revokedAt: nowSeconds(), revokedFor: reason } : one)))
    const rest = liveOf({ ...ring, keys: dead }, key)
    if (!wasActive || rest.some((one) => stateOf(one) === 'active')) return { keys: dead, result: { ok: true, kid } }
    // Verifiers ask for an unknown kid at once; waiting would only stop the issuer.
    const standby = [...rest].sort((a, b) => a.stagedAt - b.stagedAt)[0]
    if (standby) return { keys: takeOver(dead, standby.kid, nowSeconds()), result: { ok: true, kid } }
    return { keys: spare ? takeOver([...dead, spare], spare.kid, nowSeconds()) : dead, result: { ok: true, kid } }
  }

  return {
    async generate(use) {
      const key = await newKey(useOf(use))
      return audit('generate', await rings.change(issuer, (ring) => add(ring, key, undefined)))
    },
    async stage(jwk, use) {
      const wanted = useOf(use)
      const imported = importJwk({ ...jwk, alg: wanted.algorithm })
      if (!imported.ok) throw new TypeError(`the key was refused: ${imported.fault}`)
      const key: OwnKey = { kid: jwkThumbprint(jwk), ...wanted, publicJwk: { ...publicJwk(imported.key.key) }, stagedAt: nowSeconds() }
      return audit('stage', await rings.change(issuer, (ring) => add(ring, key, undefined)))
    },
    async activate(kid, { force = false } = {}) {
      return audit('activate', await rings.change(issuer, (ring) => activateIn(ring, kid, force)))
    },
    async rotate(use) {
      const key = await newKey(useOf(use))
      return audit('rotate', await rings.change(issuer, (ring) => add(ring, key, safeToActivateAt(key, times))))
    },
    async retire(kid) {
      return audit('retire', await rings.change(issuer, (ring) => retireIn(ring, kid)))
    },
    async revoke(kid, { reason = 'compromised' } = {}) {
      if (revocations) await reachable(revocations.revoke({ type: 'signing_key', issuer, kid }))
      const { keys } = await rings.read(issuer)
      const key = keys.find((one) => one.kid === kid)
      const spare =
        key?.sealed !== undefined && stateOf(key) === 'active'
          ? await newKey({ algorithm: key.algorithm as AsymmetricAlgorithm, purpose: key.purpose })
          : undefined
      return audit('revoke', await rings.change(issuer, (ring) => revokeIn(ring, kid, reason, spare)))
    },
    async list() {
      const { keys } = await rings.read(issuer)
      return keys.map((key) => {
        const { kid, algorithm, purpose, activeAt, retireAt, revokedAt } = key
        return { kid, algorithm, purpose, state: stateOf(key), activeAt, retireAt, revokedAt }
      })
    },
  }
}
