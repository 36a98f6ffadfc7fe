import {
  isUnavailable,
  type KeyAnswer,
  type KeySet,
  type KeySource,
  type Now,
  type Signer,
  type SignerSource,
  Unavailable,
  type VerificationKey,
} from '@countersign/core'
import { createKeySet, createSigner, importJwk, selectKey } from '@countersign/jwt'
import type { Envelope } from './envelope.js'
import { type KeyTimes, nextTransition, type OwnKey, ownKeyState } from './own-key.js'
import type { Ring, Rings } from './ring.js'

/** What {@link createRingCache} needs. */
export interface RingCacheOptions {
  readonly issuer: string
  readonly rings: Rings<OwnKey>
  readonly envelope: Envelope | undefined
  /** Signs with a key that a KMS holds. */
  readonly externalSigner: ((kid: string) => Signer | undefined) | undefined
  readonly times: KeyTimes
  /** How old the ring in memory may grow before it is read again. */
  readonly refreshSeconds: number
  /** How old it may grow while the store is out of reach. */
  readonly staleIfErrorSeconds: number
  readonly now: Now
}

/** The ring in memory, in the forms in which it is used. States follow the clock between two readings. */
export interface RingCache {
  readonly source: KeySource
  signers(use: { readonly algorithm: string; readonly purpose: string }): SignerSource
  /** Reads the ring now. Rejects with `Unavailable`. */
  reload(): Promise<Ring<OwnKey>>
}

/** Look-ups of unknown kids read the store at most so often. */
const unknownKidMs = 1000

/** A cache of the issuer's ring. */
export function createRingCache(options: RingCacheOptions): RingCache {
  const { issuer, rings, envelope, times, now } = options
  const signersByKid = new Map<string, Signer>()
  const state = {
    ring: undefined as Ring<OwnKey> | undefined,
    readAt: Number.NEGATIVE_INFINITY,
    reading: undefined as Promise<Ring<OwnKey>> | undefined,
    set: undefined as { readonly keys: KeySet; readonly revision: number; readonly until: number } | undefined,
  }

  async function read(): Promise<Ring<OwnKey>> {
    const startedAt = now()
    try {
      const ring = await rings.read(issuer)
      Object.assign(state, { ring, readAt: startedAt })
      return ring
    } catch (cause) {
      const usable = state.ring !== undefined && now() < state.readAt + options.staleIfErrorSeconds * 1000
      if (usable && isUnavailable(cause)) return state.ring as Ring<OwnKey>
      throw cause
    } finally {
      state.reading = undefined
    }
  }

  function reload(): Promise<Ring<OwnKey>> {
    state.reading ??= read()
    return state.reading
  }

  function ring(): Ring<OwnKey> | Promise<Ring<OwnKey>> {
    const age = now() - state.readAt
    if (state.ring === undefined || age >= options.refreshSeconds * 1000 || age < 0) return reload()
    return state.ring
  }

  function setOf(current: Ring<OwnKey>): KeySet {
    const seconds = now() / 1000
    if (state.set && state.set.revision === current.revision && seconds < state.set.until) return state.set.keys
    const verifying = current.keys.filter((key) => !['retired', 'revoked'].includes(ownKeyState(key, times, seconds)))
    const keys = verifying.flatMap((key): VerificationKey[] => {
      const imported = importJwk({ ...key.publicJwk, kid: key.kid, alg: key.algorithm })
      return imported.ok ? [imported.key] : []
    })
    const until = Math.min(...current.keys.map((key) => nextTransition(key, times, seconds) ?? Number.POSITIVE_INFINITY))
    const same = state.set !== undefined && state.set.keys.keys.map(({ kid }) => kid).join(' ') === keys.map(({ kid }) => kid).join(' ')
    state.set = { keys: same && state.set ? state.set.keys : createKeySet(keys), revision: current.revision, until }
    return state.set.keys
  }

  function signerOf(key: OwnKey): Signer | undefined {
    const known = signersByKid.get(key.kid)
    if (known) return known
    const signer =
      key.sealed === undefined || envelope === undefined
        ? options.externalSigner?.(key.kid)
        : createSigner({ key: envelope.open(key.sealed, key.kid), algorithm: key.algorithm, kid: key.kid })
    if (signer) signersByKid.set(key.kid, signer)
    return signer
  }

  function pick(current: Ring<OwnKey>, use: { readonly algorithm: string; readonly purpose: string }): Signer {
    const seconds = now() / 1000
    const active = current.keys.filter(
      (key) => key.algorithm === use.algorithm && key.purpose === use.purpose && ownKeyState(key, times, seconds) === 'active',
    )
    const newest = active.sort((a, b) => (b.activeAt ?? 0) - (a.activeAt ?? 0))[0]
    for (const kid of signersByKid.keys())
      if (!current.keys.some((key) => key.kid === kid && key.revokedAt === undefined)) signersByKid.delete(kid)
    const signer = newest && signerOf(newest)
    if (signer === undefined) throw new Unavailable('key_source_unavailable', { cause: new Error('no key of this use can sign') })
    return signer
  }

  const then = <T, U>(value: T | Promise<T>, next: (value: T) => U): U | Promise<U> =>
    value instanceof Promise ? value.then(next) : next(value)

  const source: KeySource = {
    find(query) {
      return then(ring(), (current): KeyAnswer | Promise<KeyAnswer> => {
        const set = setOf(current)
        const key = selectKey(set, query)
        if (key || query.kid === undefined || now() - state.readAt < unknownKidMs) return { key, set }
        return reload().then((newer) => ({ key: selectKey(setOf(newer), query), set: setOf(newer) }))
      }) as KeyAnswer | Promise<KeyAnswer>
    },
    isCurrent: (set) => then(ring(), (current) => setOf(current) === set),
    ready: async () => void (await ring()),
    close: () => undefined,
  }
  return { source, reload, signers: (use) => ({ current: () => then(ring(), (current) => pick(current, use)) }) }
}
