import {
  type Algorithm,
  type AsymmetricAlgorithm,
  type ClientKeyAnswer,
  type ClientKeys,
  type DocumentStore,
  eventChannel,
  type Now,
  type RevocationStore,
  type VerificationKey,
} from '@countersign/core'
import {
  algorithms,
  checkTimes,
  importJwk,
  importPublicKey,
  isHmac,
  type KeyFault,
  parseClaims,
  parseJws,
  publicJwk,
  verifySignature,
} from '@countersign/jwt'
import { type ClientKey, type ClientKeyState, clientKeyState } from './client-key.js'
import { type Ring, type Rings, reachable } from './ring.js'

/** A key as a client registers it: public members only. Times are epoch seconds. */
export interface Registration {
  readonly owner: string
  /** The client's own name: at most 128 characters out of letters, digits and `._~:+=-`. */
  readonly kid: string
  readonly jwk?: unknown
  /** SPKI, as `openssl rsa -pubout` prints it. */
  readonly pem?: string
  /** Fixed from now on. @defaultValue the JWK's `alg`, else RS256, ES256/384/512 or EdDSA by the type of the key */
  readonly algorithm?: AsymmetricAlgorithm
  readonly notBefore?: number
  readonly expiresAt?: number
}

/** Why a key was not registered. */
export type RegistrationFault =
  | KeyFault
  | 'bad_kid'
  | 'bad_times'
  | 'kid_taken'
  /** Registered already, by whomever, or revoked once. */
  | 'key_taken'
  | 'too_many'

/** What became of a registration. */
export type RegistrationResult =
  | { readonly ok: true; readonly key: ClientKeyView }
  | { readonly ok: false; readonly fault: RegistrationFault }

/** A client's key as it is shown. Times are epoch seconds. */
export interface ClientKeyView {
  readonly kid: string
  readonly thumbprint: string
  readonly algorithm: Algorithm
  readonly state: ClientKeyState
  readonly notBefore: number | undefined
  readonly expiresAt: number | undefined
}

/** The keys that clients registered. Every method rejects with `Unavailable` when the store is out of reach. */
export interface RegisteredKeys extends ClientKeys {
  register(registration: Registration): Promise<RegistrationResult>
  /**
   * Shows possession of a pending key.
   * @param proof - a JWT of type `key-possession+jwt` signed with it: `iss` the client, `aud` our issuer, `exp` at most 300 s ahead
   */
  confirm(owner: string, kid: string, proof: string): Promise<boolean>
  /** Ends a key; what was obtained with it stays. False if the client has none of that name, or it was revoked. */
  retire(owner: string, kid: string): Promise<boolean>
  /** Ends a key and every token that was obtained with it, for ever: the denylist first, then the registry. False if there is none. */
  revoke(owner: string, kid: string, options?: { readonly reason?: string }): Promise<boolean>
  list(owner: string): Promise<readonly ClientKeyView[]>
}

/** What {@link createRegisteredKeys} needs. */
export interface RegisteredKeysOptions {
  readonly issuer: string
  readonly store: DocumentStore
  readonly rings: Rings<ClientKey>
  readonly revocations: RevocationStore | undefined
  readonly requirePossession: boolean
  readonly maxKeysPerClient: number
  readonly now: Now
}

const events = eventChannel('countersign:key')
const thumbprints = 'client_key_thumbprints'
const defaults: readonly Algorithm[] = ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA']
const longestProofSeconds = 300

function importRegistration({
  jwk,
  pem,
  algorithm,
}: Registration): { readonly fault: RegistrationFault } | { readonly key: VerificationKey; readonly algorithm: Algorithm } {
  if ((jwk === undefined) === (pem === undefined)) return { fault: 'malformed' }
  if (algorithm !== undefined && (!algorithms.includes(algorithm) || isHmac(algorithm))) return { fault: 'algorithm_mismatch' }
  const imported = pem === undefined ? importJwk(jwk) : importPublicKey(pem)
  if (!imported.ok) return { fault: imported.fault }
  const usable = imported.key.algorithms
  const chosen = algorithm ?? defaults.find((one) => usable.includes(one)) ?? usable[0]
  return chosen !== undefined && usable.includes(chosen) ? { key: imported.key, algorithm: chosen } : { fault: 'algorithm_mismatch' }
}

function labelFault({ kid, notBefore, expiresAt }: Registration, now: number): RegistrationFault | undefined {
  if (typeof kid !== 'string' || !/^[A-Za-z0-9._~:+=-]{1,128}$/.test(kid)) return 'bad_kid'
  const isTime = (time: number | undefined): boolean => time === undefined || (Number.isFinite(time) && time > 0)
  if (!isTime(notBefore) || !isTime(expiresAt)) return 'bad_times'
  return expiresAt !== undefined && (expiresAt <= now || expiresAt <= (notBefore ?? 0)) ? 'bad_times' : undefined
}

function usable(key: ClientKey): VerificationKey {
  const imported = importJwk({ ...key.publicJwk, alg: key.algorithm, kid: key.kid })
  if (!imported.ok) throw new Error(`a registered key cannot be imported any more: ${imported.fault}`)
  return imported.key
}

/** Client keys over rings, one ring a client. */
export function createRegisteredKeys(options: RegisteredKeysOptions): RegisteredKeys {
  const { issuer, store, rings, revocations } = options
  const nowSeconds = (): number => Math.floor(options.now() / 1000)
  const view = (key: ClientKey): ClientKeyView => {
    const { kid, thumbprint, algorithm, notBefore, expiresAt } = key
    return { kid, thumbprint, algorithm, state: clientKeyState(key, nowSeconds()), notBefore, expiresAt }
  }
  const audit = (action: string, owner: string, kid: string, outcome: string): void => events.publish({ action, owner, outcome, kid })

  /** The same material never belongs to two clients, and never comes back once it was taken. True if it is the owner's now. */
  async function claimThumbprint(thumbprint: string, owner: string): Promise<boolean> {
    const address = { collection: thumbprints, id: thumbprint }
    if (await reachable(store.put({ ...address, value: JSON.stringify({ v: 1, owner }), revision: 0 }))) return true
    const known = await reachable(store.get(address))
    return known !== undefined && (JSON.parse(known.value) as { owner: unknown }).owner === owner
  }

  function add(ring: Ring<ClientKey>, key: ClientKey): { keys?: readonly ClientKey[]; result: RegistrationResult } {
    if (ring.keys.some((known) => known.thumbprint === key.thumbprint)) return { result: { ok: false, fault: 'key_taken' } }
    if (ring.keys.some((known) => known.kid === key.kid)) return { result: { ok: false, fault: 'kid_taken' } }
    const live = ring.keys.filter((known) => ['pending', 'not_yet_valid', 'active'].includes(clientKeyState(known, nowSeconds())))
    if (live.length >= options.maxKeysPerClient) return { result: { ok: false, fault: 'too_many' } }
    return { keys: [...ring.keys, key], result: { ok: true, key: view(key) } }
  }

  /** Changes one key of a client. */
  function alter(owner: string, kid: string, change: (key: ClientKey) => ClientKey | undefined): Promise<boolean> {
    return rings.change(owner, (ring) => {
      const key = ring.keys.find((one) => one.kid === kid)
      const changed = key && change(key)
      if (changed === undefined) return { result: false }
      return changed === key ? { result: true } : { keys: ring.keys.map((one) => (one === key ? changed : one)), result: true }
    })
  }

  async function register(registration: Registration): Promise<RegistrationResult> {
    const { owner, kid, notBefore, expiresAt } = registration
    const fault = labelFault(registration, nowSeconds())
    if (fault) return { ok: false, fault }
    const imported = importRegistration(registration)
    if ('fault' in imported) return { ok: false, fault: imported.fault }
    const { algorithm, key } = imported
    const record: ClientKey = {
      kid,
      thumbprint: key.thumbprint ?? '',
      algorithm,
      publicJwk: { ...publicJwk(key.key) },
      registeredAt: nowSeconds(),
      confirmedAt: options.requirePossession ? null : nowSeconds(),
      ...(notBefore !== undefined && { notBefore }),
      ...(expiresAt !== undefined && { expiresAt }),
    }
    const blocked = add(await rings.read(owner), record).result
    if (!blocked.ok) return blocked
    // Until possession is shown, a public key of somebody else's must not be blocked by whoever has read it.
    if (!options.requirePossession && !(await claimThumbprint(record.thumbprint, owner))) return { ok: false, fault: 'key_taken' }
    return rings.change(owner, (ring) => add(ring, record))
  }

  function provesPossession(key: ClientKey, owner: string, proof: string): boolean {
    const parsed = parseJws(proof)
    if (!parsed.ok || parsed.jws.header.typ !== 'key-possession+jwt' || !verifySignature(parsed.jws, usable(key))) return false
    const read = parseClaims(parsed.jws)
    if (!read.ok || read.claims.iss !== owner || read.claims.aud !== issuer) return false
    const now = options.now() / 1000
    const late = (read.claims.exp ?? 0) > now + longestProofSeconds
    return !late && checkTimes(read.claims, { now, toleranceSeconds: 5, maxFutureIssuedSeconds: 60 }) === undefined
  }

  async function confirm(owner: string, kid: string, proof: string): Promise<boolean> {
    const key = (await rings.read(owner)).keys.find((one) => one.kid === kid)
    if (key === undefined || clientKeyState(key, nowSeconds()) !== 'pending' || !provesPossession(key, owner, proof)) return false
    if (!(await claimThumbprint(key.thumbprint, owner))) return false
    return alter(owner, kid, (one) =>
      one.thumbprint === key.thumbprint && one.confirmedAt === null ? { ...one, confirmedAt: nowSeconds() } : undefined,
    )
  }

  function answerOf(
    keys: readonly ClientKey[],
    query: { readonly kid: string | undefined; readonly algorithm: Algorithm },
  ): ClientKeyAnswer {
    const now = nowSeconds()
    const named =
      query.kid === undefined ? keys.filter((key) => clientKeyState(key, now) === 'active') : keys.filter((key) => key.kid === query.kid)
    const fitting = named
      .map((key) => ({ key, imported: usable(key) }))
      .filter(({ imported }) => imported.algorithms.includes(query.algorithm))
    const [only] = fitting
    if (only === undefined || fitting.length > 1) return { ok: false, fault: 'unknown' }
    const state = clientKeyState(only.key, now)
    return state === 'active' ? { ok: true, key: only.imported } : { ok: false, fault: state }
  }

  return {
    async register(registration) {
      const result = await register(registration)
      audit('register', registration.owner, String(registration.kid).slice(0, 128), result.ok ? 'done' : result.fault)
      return result
    },
    async confirm(owner, kid, proof) {
      const confirmed = await confirm(owner, kid, proof)
      audit('confirm', owner, kid, confirmed ? 'done' : 'refused')
      return confirmed
    },
    async retire(owner, kid) {
      const retired = await alter(owner, kid, (key) =>
        key.revokedAt !== undefined ? undefined : key.retiredAt !== undefined ? key : { ...key, retiredAt: nowSeconds() },
      )
      audit('retire', owner, kid, retired ? 'done' : 'unknown')
      return retired
    },
    async revoke(owner, kid, { reason = 'compromised' } = {}) {
      const key = (await rings.read(owner)).keys.find((one) => one.kid === kid)
      if (key && revocations) await reachable(revocations.revoke({ type: 'client_key', issuer, thumbprint: key.thumbprint }))
      const revoked = await alter(owner, kid, (one) =>
        one.revokedAt === undefined ? { ...one, revokedAt: nowSeconds(), revokedFor: reason } : one,
      )
      audit('revoke', owner, kid, revoked ? 'done' : 'unknown')
      return revoked
    },
    list: async (owner) => (await rings.read(owner)).keys.map(view),
    find: async ({ clientId, ...query }) => answerOf((await rings.read(clientId)).keys, query),
  }
}
