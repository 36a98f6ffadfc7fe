import { type Now, type Signer, type SignerSource, Unavailable, whenKnown } from '@countersign/core'
import { createSigner } from '@countersign/jwt'
import type { Envelope } from './envelope.js'
import { externalSigner } from './external-signer.js'
import { type KeyTimes, type OwnKey, ownKeyState } from './own-key.js'
import type { OwnRing } from './own-ring.js'
import type { Ring } from './ring.js'
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
}

function unavailable(cause: unknown): Unavailable {
  return new Unavailable('key_source_unavailable', { cause })
}

/** Signers over the ring: whichever key of a use is active when it is asked. */
export function createOwnSigners(options: OwnSignersOptions): (use: Use) => SignerSource {
  const { ring, envelope, findSigner, times, now } = options
  const state = { signers: new Map<string, Signer>(), ring: undefined as Ring<OwnKey> | undefined }

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

  function pick(current: Ring<OwnKey>, use: Use): Signer {
    forget(current)
    const seconds = now() / 1000
    const active = current.keys.find((key) => areOfOneUse(key, use) && ownKeyState(key, times, seconds) === 'active')
    if (active === undefined) throw unavailable(new Error('no key of this use is active: ready() makes the first one'))
    return signerOf(active)
  }

  return (use) => ({ current: () => whenKnown(ring.current(), (current) => pick(current, use)) })
}
