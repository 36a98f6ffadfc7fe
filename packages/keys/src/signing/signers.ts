import { type Now, type Signer, type SignerSource, Unavailable, whenKnown } from '@countersign/core'
import { createSigner } from '@countersign/jwt'
import type { Ring } from '../ring.js'
import type { Envelope } from './envelope.js'
import { externalSigner } from './external-signer.js'
import { type KeyTimes, type OwnKey, ownKeyState } from './signing-key.js'
import type { OwnRing } from './signing-ring.js'
import { areOfOneUse, type Use } from './succession.js'

/** Gives the signer of a key that a KMS holds. */
export type FindSigner = (kid: string) => Signer | undefined

/** What {@link createOwnSigners} needs. */
export interface OwnSignersOptions {
  readonly ring: OwnRing
  readonly envelope: Envelope | undefined
  readonly findSigner: FindSigner | undefined
  readonly times: KeyTimes
  readonly now: Now
  /** Whether a key is on the denylist, as far as is known here. Throws or rejects with `Unavailable` when it cannot be told. */
  readonly isRevoked: (kid: string) => boolean | Promise<boolean>
  /** Ends a key in the registry that is on the denylist. */
  readonly followRevocation: (kid: string) => Promise<void>
}

function unavailable(cause: unknown): Unavailable {
  return new Unavailable('key_source_unavailable', { cause })
}

/**
 * Signers over the ring: whichever key of a use is active when it is asked. The denylist is asked as guards ask it, so that no key
 * signs what they refuse; a key that is on it is ended in the registry, too, and its successor signs.
 */
export function createOwnSigners(options: OwnSignersOptions): (use: Use) => SignerSource {
  const { ring, envelope, findSigner, times, now, isRevoked, followRevocation } = options
  const state = {
    signers: new Map<string, Signer>(),
    ring: undefined as Ring<OwnKey> | undefined,
    following: new Map<string, Promise<Ring<OwnKey>>>(),
  }

  function open(key: OwnKey): Signer {
    const { kid, sealed, algorithm } = key
    if (sealed !== undefined && envelope !== undefined) {
      try {
        return createSigner({ key: envelope.open(sealed, kid), algorithm, kid })
      } catch (cause) {
        throw unavailable(cause)
      }
    }
    const found = findSigner?.(kid)
    if (found === undefined) throw unavailable(new Error('nothing can sign with the active key'))
    return externalSigner(found, key)
  }

  function signerOf(key: OwnKey): Signer {
    const known = state.signers.get(key.kid)
    if (known) return known
    const signer = open(key)
    state.signers.set(key.kid, signer)
    return signer
  }

  /** Private keys do not stay in memory longer than they may sign. */
  function forget(current: Ring<OwnKey>): void {
    if (state.ring === current) return
    const seconds = now() / 1000
    const signing = current.keys.filter((key) => ['active', 'staged'].includes(ownKeyState(key, times, seconds))).map(({ kid }) => kid)
    for (const kid of state.signers.keys()) if (!signing.includes(kid)) state.signers.delete(kid)
    state.ring = current
  }

  function activeOf(current: Ring<OwnKey>, use: Use): OwnKey {
    forget(current)
    const seconds = now() / 1000
    const active = current.keys.find((key) => areOfOneUse(key, use) && ownKeyState(key, times, seconds) === 'active')
    if (active === undefined) throw unavailable(new Error('no key of this use is active: ready() makes the first one'))
    return active
  }

  async function followed(kid: string): Promise<Ring<OwnKey>> {
    try {
      await followRevocation(kid)
      return await ring.fresh()
    } finally {
      state.following.delete(kid)
    }
  }

  /** One for all who wait: the ring without a key that is on the denylist. */
  function without(kid: string): Promise<Ring<OwnKey>> {
    const following = state.following.get(kid) ?? followed(kid)
    state.following.set(kid, following)
    return following
  }

  async function successorOf(kid: string, use: Use): Promise<Signer> {
    state.signers.delete(kid)
    const successor = activeOf(await without(kid), use)
    if (await isRevoked(successor.kid)) throw unavailable(new Error('the key that is active now was revoked, too'))
    return signerOf(successor)
  }

  function pick(current: Ring<OwnKey>, use: Use): Signer | Promise<Signer> {
    const active = activeOf(current, use)
    return whenKnown(isRevoked(active.kid), (revoked) => (revoked ? successorOf(active.kid, use) : signerOf(active)))
  }

  return (use) => ({ current: () => whenKnown(ring.current(), (current) => pick(current, use)) })
}
