import {
  type ClientKeyAnswer,
  type ClientKeys,
  type DocumentStore,
  eventChannel,
  type KeyQuery,
  type Now,
  orUnavailable,
  type RevocationPublisher,
  type VerificationKey,
} from '@countersign/core'
import type { Rings } from '../ring.js'
import {
  type ClientKey,
  type ClientKeyState,
  type ClientKeyView,
  clientKeyState,
  clientKeyView,
  createClientKeyImport,
} from './client-key.js'
import { provesPossession } from './possession.js'
import { checkTimes, forgottenKeys, type Registration, type RegistrationRefused, readRegistration, withClientKey } from './registration.js'
import { createTakenThumbprints } from './taken-thumbprints.js'

/** What became of a registration. */
export type RegistrationResult = { readonly ok: true; readonly key: ClientKeyView } | RegistrationRefused

/** The keys that clients registered. Every method rejects with `Unavailable` when the store is out of reach. */
export interface RegisteredKeys extends ClientKeys {
  register(registration: Registration): Promise<RegistrationResult>
  /**
   * Shows possession of a pending key.
   * @param proof - a JWT of type `key-possession+jwt` signed with it: `iss` the client, `aud` our issuer, `exp` at most 300 s ahead
   */
  confirm(owner: string, kid: string, proof: string): Promise<boolean>
  /**
   * Changes when a key begins and ends, in epoch seconds; a member that is left out sets no limit. False if the client has none of that name,
   * or it was retired or revoked. Rejects with TypeError for times that are not epoch seconds.
   */
  schedule(owner: string, kid: string, times: Pick<Registration, 'notBefore' | 'expiresAt'>): Promise<boolean>
  /** Ends a key; what was obtained with it stays. False if the client has none of that name, or it was revoked. */
  retire(owner: string, kid: string): Promise<boolean>
  /** Ends a key and every token that was obtained with it, for ever: the denylist first, then the registry. False if there is none. */
  revoke(owner: string, kid: string, options?: { readonly reason?: string }): Promise<boolean>
  list(owner: string): Promise<readonly ClientKeyView[]>
  /** Ends every key of a client, as `retire` does. */
  retireAll(owner: string): Promise<void>
}

/** What {@link createRegisteredKeys} needs. */
export interface RegisteredKeysOptions {
  readonly issuer: string
  /** Whose tokens are obtained with the keys. */
  readonly tokenIssuers: readonly string[]
  readonly store: DocumentStore
  readonly rings: Rings<ClientKey>
  readonly revocations: Pick<RevocationPublisher, 'revoke'> | undefined
  readonly requirePossession: boolean
  readonly maxKeysPerClient: number
  /** Whether a thumbprint is that of a key of our own. */
  readonly isOwn: (thumbprint: string) => Promise<boolean>
  readonly now: Now
}

const events = eventChannel('countersign:key')

/** Undefined for a key that was revoked. */
function retired(key: ClientKey, now: number): ClientKey | undefined {
  if (key.revokedAt !== undefined) return undefined
  return key.retiredAt === undefined ? { ...key, retiredAt: now } : key
}

function allRetired(keys: readonly ClientKey[], now: number): { readonly keys?: readonly ClientKey[]; readonly result: undefined } {
  return keys.length === 0 ? { result: undefined } : { keys: keys.map((key) => retired(key, now) ?? key), result: undefined }
}

/** Undefined for a key that has ended for good. */
function withTimes(key: ClientKey, { notBefore, expiresAt }: Parameters<RegisteredKeys['schedule']>[2]): ClientKey | undefined {
  if (key.revokedAt !== undefined || key.retiredAt !== undefined) return undefined
  const { notBefore: _from, expiresAt: _until, ...timeless } = key
  return { ...timeless, ...(notBefore !== undefined && { notBefore }), ...(expiresAt !== undefined && { expiresAt }) }
}

/** Most keys that a JWT without kid is tried against. */
const maxTried = 4

/** RFC 9864: two names of one algorithm. */
const familyOf = (algorithm: string): string => (algorithm === 'Ed25519' ? 'EdDSA' : algorithm)

/** The keys of a client that a query could mean, or why there is none. */
function answerOf(
  keys: readonly ClientKey[],
  { kid, algorithm }: KeyQuery,
  { now, importKey }: { readonly now: number; readonly importKey: ReturnType<typeof createClientKeyImport> },
): ClientKeyAnswer {
  const fitting: { readonly state: ClientKeyState; readonly key: VerificationKey }[] = []
  for (const key of keys) {
    // To import a key takes as long as a signature: no more of them are than can be tried.
    if (fitting.length === maxTried) break
    const isNamed = kid === undefined ? clientKeyState(key, now) === 'active' : key.kid === kid
    if (!isNamed || familyOf(key.algorithm) !== familyOf(algorithm)) continue
    const imported = importKey(key)
    if (imported.algorithms.includes(algorithm)) fitting.push({ state: clientKeyState(key, now), key: imported })
  }
  const [first, ...more] = fitting
  if (first === undefined) return { ok: false, reason: 'unknown' }
  if (first.state !== 'active') return { ok: false, reason: first.state }
  const others = more.map(({ key }) => key)
  return others.length === 0 ? { ok: true, key: first.key } : { ok: true, key: first.key, others }
}

/** Client keys over rings, one ring a client. */
export function createRegisteredKeys(options: RegisteredKeysOptions): RegisteredKeys {
  const { issuer, tokenIssuers, store, rings, revocations, requirePossession, isOwn } = options
  const taken = createTakenThumbprints(store)
  const importKey = createClientKeyImport()
  const nowSeconds = (): number => Math.floor(options.now() / 1000)
  const audit = (action: string, owner: string, kid: string, outcome: string): void => events.publish({ action, owner, outcome, kid })

  async function find(owner: string, kid: string): Promise<ClientKey | undefined> {
    return (await rings.read(owner)).keys.find((key) => key.kid === kid)
  }

  /** Changes one key of a client. Gives the key as it was, undefined if there is none or it must not be changed. */
  function alter(owner: string, kid: string, change: (key: ClientKey) => ClientKey | undefined): Promise<ClientKey | undefined> {
    return rings.change(owner, (keys) => {
      const key = keys.find((one) => one.kid === kid)
      const changed = key && change(key)
      if (changed === undefined) return { result: undefined }
      return changed === key ? { result: key } : { keys: keys.map((one) => (one === key ? changed : one)), result: key }
    })
  }

  /** Until possession is shown, a stranger who has read a public key must not be able to block it for its owner. */
  async function mayRegister(thumbprint: string, owner: string): Promise<boolean> {
    if (await isOwn(thumbprint)) return false
    if (!requirePossession) return taken.take(thumbprint, owner)
    const known = await taken.ownerOf(thumbprint)
    return known === undefined || known === owner
  }

  async function register(registration: Registration): Promise<RegistrationResult> {
    const now = nowSeconds()
    const { owner } = registration
    const read = readRegistration(registration, now)
    if (!read.ok) return read
    const key = { ...read.key, confirmedAt: requirePossession ? null : now }
    const limits = { now, maxKeys: options.maxKeysPerClient }
    // What is refused anyway must not take the thumbprint.
    const { keys: before } = await rings.read(owner)
    const possible = withClientKey(before, key, limits)
    if (!possible.ok) return possible
    if (!(await mayRegister(key.thumbprint, owner))) return { ok: false, reason: 'key_taken' }
    // While it is listed, a key is known as taken by the list.
    const forgotten = forgottenKeys(before, now)
    for (const { thumbprint } of forgotten) await taken.giveUp(thumbprint, owner)
    return rings.change<RegistrationResult>(owner, (keys) => {
      const added = withClientKey(keys, key, { ...limits, forgotten })
      return added.ok ? { keys: added.keys, result: { ok: true, key: clientKeyView(key, now) } } : { result: added }
    })
  }

  async function confirm(owner: string, kid: string, proof: unknown): Promise<boolean> {
    const now = nowSeconds()
    const key = await find(owner, kid)
    if (key === undefined || clientKeyState(key, now) !== 'pending') return false
    if (!provesPossession(key, proof, { owner, issuer, now }) || !(await taken.take(key.thumbprint, owner))) return false
    const isSame = ({ thumbprint, confirmedAt }: ClientKey): boolean => thumbprint === key.thumbprint && confirmedAt === null
    return (await alter(owner, kid, (one) => (isSame(one) ? { ...one, confirmedAt: now } : undefined))) !== undefined
  }

  /** Nothing was ever obtained with a pending key, which may be somebody else's. */
  async function announce({ thumbprint, confirmedAt }: ClientKey): Promise<void> {
    if (revocations === undefined || confirmedAt === null) return
    for (const issuer of tokenIssuers) await orUnavailable(async () => revocations.revoke({ type: 'client_key', issuer, thumbprint }))
  }

  async function revoke(owner: string, kid: string, reason: string): Promise<boolean> {
    const key = await find(owner, kid)
    if (key === undefined) return false
    await announce(key)
    const before = await alter(owner, kid, (one) =>
      one.revokedAt === undefined ? { ...one, revokedAt: nowSeconds(), revokedFor: reason } : one,
    )
    // It was confirmed meanwhile.
    if (before && key.confirmedAt === null) await announce(before)
    return before !== undefined
  }

  return {
    async register(registration) {
      const result = await register(registration)
      audit('register', registration.owner, String(registration.kid).slice(0, 128), result.ok ? 'done' : result.reason)
      return result
    },
    async confirm(owner, kid, proof) {
      const isConfirmed = await confirm(owner, kid, proof)
      audit('confirm', owner, kid, isConfirmed ? 'done' : 'refused')
      return isConfirmed
    },
    async schedule(owner, kid, times) {
      checkTimes(times)
      const isScheduled = (await alter(owner, kid, (key) => withTimes(key, times))) !== undefined
      audit('schedule', owner, kid, isScheduled ? 'done' : 'unknown')
      return isScheduled
    },
    async retire(owner, kid) {
      const isRetired = (await alter(owner, kid, (key) => retired(key, nowSeconds()))) !== undefined
      audit('retire', owner, kid, isRetired ? 'done' : 'unknown')
      return isRetired
    },
    async retireAll(owner) {
      await rings.change(owner, (keys) => allRetired(keys, nowSeconds()))
      audit('retire_all', owner, '*', 'done')
    },
    async revoke(owner, kid, { reason = 'compromised' } = {}) {
      const isRevoked = await revoke(owner, kid, reason)
      audit('revoke', owner, kid, isRevoked ? 'done' : 'unknown')
      return isRevoked
    },
    list: async (owner) => (await rings.read(owner)).keys.map((key) => clientKeyView(key, nowSeconds())),
    find: async ({ clientId, ...query }) => answerOf((await rings.read(clientId)).keys, query, { now: nowSeconds(), importKey }),
  }
}
