import {
  asUnavailable,
  createRefreshedCopy,
  type Instant,
  type Now,
  type RevocationPublisher,
  type Signer,
  type SignerSource,
  startRequestTimer,
  type TakenValue,
  Unavailable,
  whenKnown,
} from '@countersign/core'
import type { Ring, Rings } from '../ring.js'
import type { KeySigners } from './key-signers.js'
import { type KeyTimes, type OwnKey, ownKeyState } from './signing-key.js'
import { areOfOneUse, type Use } from './succession.js'

/** What {@link createOwnSigners} needs. */
export interface OwnSignersOptions {
  readonly issuer: string
  readonly ring: OwnRing
  readonly keySigners: KeySigners
  readonly times: KeyTimes
  readonly now: Now
  readonly revocations: Pick<RevocationPublisher, 'check'> | undefined
  /** Ends a key in the registry that is on the denylist. */
  readonly followRevocation: (kid: string) => Promise<void>
}

/**
 * Signers over the ring: whichever key of a use is active when it is asked. The denylist is asked as guards ask it, so that no key
 * signs what they refuse; a key that is on it is ended in the registry, too, and its successor signs.
 */
export function createOwnSigners(options: OwnSignersOptions): (use: Use) => SignerSource {
  const { issuer, ring, keySigners, times, now, revocations, followRevocation } = options
  const following = new Map<string, Promise<Ring<OwnKey>>>()
  const unavailable = (problem: string): Unavailable => new Unavailable('key_source_unavailable', { cause: new Error(problem) })

  /** Looks up the key alone. Other revocations of a token are judged when the token is verified. */
  function isRevoked(kid: string): boolean | Promise<boolean> {
    const none = { jti: undefined, subject: undefined, clientId: undefined, clientKeys: [] }
    const query = { issuer, kid, thumbprint: kid, ...none, issuedAt: now() / 1000 }
    return whenKnown(revocations?.check?.(query), (reason) => reason === 'revoked_key')
  }

  function activeOf(current: Ring<OwnKey>, use: Use): OwnKey {
    keySigners.keepOnly(current)
    const seconds = now() / 1000
    const active = current.keys.find((key) => areOfOneUse(key, use) && ownKeyState(key, times, seconds) === 'active')
    if (active === undefined) throw unavailable('no key of this use is active: ready() makes the first one')
    return active
  }

  async function followed(kid: string): Promise<Ring<OwnKey>> {
    try {
      await followRevocation(kid)
      return await ring.fresh()
    } finally {
      following.delete(kid)
    }
  }

  /** One for all who wait: the ring without a key that is on the denylist. */
  function without(kid: string): Promise<Ring<OwnKey>> {
    const renewed = following.get(kid) ?? followed(kid)
    following.set(kid, renewed)
    return renewed
  }

  async function successorOf(kid: string, use: Use): Promise<Signer> {
    keySigners.forget(kid)
    const successor = activeOf(await without(kid), use)
    if (await isRevoked(successor.kid)) throw unavailable('the key that is active now was revoked, too')
    return keySigners.of(successor)
  }

  function pick(current: Ring<OwnKey>, use: Use): Signer | Promise<Signer> {
    const active = activeOf(current, use)
    return whenKnown(isRevoked(active.kid), (revoked) => (revoked ? successorOf(active.kid, use) : keySigners.of(active)))
  }

  return (use) => ({ current: () => whenKnown(ring.current(), (current) => pick(current, use)) })
}

/** What {@link createOwnRing} needs. */
export interface OwnRingOptions {
  readonly issuer: string
  readonly rings: Pick<Rings<OwnKey>, 'read'>
  /** How old the ring in memory may grow before it is read again. */
  readonly refreshSeconds: number
  /** How old it may grow while the store is out of reach. */
  readonly staleIfErrorSeconds: number
  readonly now: Now
  /** Told of every ring that was read. */
  readonly onRead?: (ring: Ring<OwnKey>) => void
}

/** The issuer's ring in memory. */
export interface OwnRing {
  /** What may be believed now; at once where it is at hand. Throws or rejects with `Unavailable`. */
  current(): Ring<OwnKey> | Promise<Ring<OwnKey>>
  /** As the store has it now. Rejects with `Unavailable`. */
  fresh(): Promise<Ring<OwnKey>>
  /** For somebody who misses a key: a reading that begins after this call, of which there is one per second. Undefined: too many wait. */
  renewed(): Promise<Ring<OwnKey>> | undefined
  /** Takes the ring after a change of this process. */
  accept(ring: Ring<OwnKey>): void
}

/** What a reading brought, and how many changes of this process had been counted when it began. */
interface ReadRing {
  readonly ring: Ring<OwnKey>
  readonly askedAt: Instant
  readonly changes: number
}

const renewEveryMs = 1000
/** A store that failed is left alone for so long. */
const pauseMs = 1000
const maxWaiting = 1000

/** The issuer's ring as a refreshed copy. A key that was once seen revoked stays so, also when the store has lost that. */
export function createOwnRing({ issuer, rings, refreshSeconds, staleIfErrorSeconds, now, onRead }: OwnRingOptions): OwnRing {
  const tombstones = new Map<string, OwnKey>()
  const state = {
    startedAt: Number.NEGATIVE_INFINITY,
    renewal: undefined as Promise<Ring<OwnKey>> | undefined,
    changes: 0,
    waiting: 0,
  }

  function buried({ keys, revision }: Ring<OwnKey>): Ring<OwnKey> {
    for (const key of keys) if (key.revokedAt !== undefined) tombstones.set(key.kid, key)
    return { keys: keys.map((key) => tombstones.get(key.kid) ?? key), revision }
  }

  const readingOf = (ring: Ring<OwnKey>, askedAt: Instant): TakenValue<Ring<OwnKey>> => ({
    value: buried(ring),
    askedAt,
    lifeMs: refreshSeconds * 1000,
  })

  async function load(): Promise<ReadRing> {
    const askedAt = { wall: now(), steady: performance.now() }
    const { changes } = state
    state.startedAt = askedAt.steady
    return { ring: await rings.read(issuer), askedAt, changes }
  }

  /** A reading that began before a change of ours may have missed it. */
  function take({ ring, askedAt, changes }: ReadRing): TakenValue<Ring<OwnKey>> {
    const known = copy.latest()
    const isOvertaken = known !== undefined && state.changes !== changes && ring.revision < known.revision
    return readingOf(isOvertaken ? known : ring, askedAt)
  }

  const copy = createRefreshedCopy<ReadRing, Ring<OwnKey>>({
    load,
    take,
    onLoad(reading) {
      if (reading.ok) onRead?.(reading.loaded.ring)
    },
    longestLoadMs: Number.POSITIVE_INFINITY,
    longestAgeMs: () => staleIfErrorSeconds * 1000,
    pauseMs: () => pauseMs,
    unavailable: ({ cause }) => asUnavailable(cause),
    now,
  })

  async function renew(): Promise<Ring<OwnKey>> {
    const waitMs = state.startedAt + renewEveryMs - performance.now()
    // Not unref'd: somebody waits for it, and it is short.
    if (waitMs > 0) await new Promise<void>((resolve) => void startRequestTimer(resolve, waitMs))
    // Who asks from now on may miss something newer.
    state.renewal = undefined
    return copy.renewed()
  }

  return {
    current: copy.current,
    fresh: copy.renewed,
    renewed() {
      if (copy.pauseLeftMs() > 0) return Promise.reject(copy.unavailable())
      if (state.waiting >= maxWaiting) return undefined
      state.waiting += 1
      state.renewal ??= renew()
      return state.renewal.finally(() => {
        state.waiting -= 1
      })
    },
    accept(ring) {
      state.changes += 1
      copy.accept(readingOf(ring, { wall: now(), steady: performance.now() }))
    },
  }
}
