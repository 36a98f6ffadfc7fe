import { type Now, type Signer, Unavailable } from '@countersign/core'
import { createSigner, importJwk, verifySignature } from '@countersign/jwt'
import type { Ring } from '../ring.js'
import type { Envelope } from './envelope.js'
import { type KeyTimes, type OwnKey, ownKeyState } from './signing-key.js'

/** Gives the signer of a key that a KMS holds. */
export type FindSigner = (kid: string) => Signer | undefined

/** What {@link createKeySigners} needs. */
export interface KeySignersOptions {
  readonly envelope: Envelope | undefined
  readonly findSigner: FindSigner | undefined
  readonly times: KeyTimes
  readonly now: Now
}

/** Signers of keys, each made once. */
export interface KeySigners {
  /** The signer of a key: over its private key, which is opened, or that of the KMS. Throws `Unavailable` where there is none. */
  of(key: OwnKey): Signer
  forget(kid: string): void
  /** Private keys do not stay in memory longer than they may sign. */
  keepOnly(ring: Ring<OwnKey>): void
}

const unavailable = (cause: unknown): Unavailable => new Unavailable('key_source_unavailable', { cause })

/** Makes the signers of keys. */
export function createKeySigners({ envelope, findSigner, times, now }: KeySignersOptions): KeySigners {
  const signers = new Map<string, Signer>()
  const state = { ring: undefined as Ring<OwnKey> | undefined }

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

  return {
    of(key) {
      const known = signers.get(key.kid)
      if (known) return known
      const signer = open(key)
      signers.set(key.kid, signer)
      return signer
    },
    forget: (kid) => void signers.delete(kid),
    keepOnly(ring) {
      if (state.ring === ring) return
      const seconds = now() / 1000
      const signing = ring.keys.filter((key) => ['active', 'staged'].includes(ownKeyState(key, times, seconds))).map(({ kid }) => kid)
      for (const kid of signers.keys()) if (!signing.includes(kid)) signers.delete(kid)
      state.ring = ring
    },
  }
}

/** Whether a raw signature is one of the key that is published. */
function fits({ publicJwk, algorithm: alg }: OwnKey, data: Uint8Array, signature: Uint8Array): boolean {
  const imported = importJwk({ ...publicJwk, alg })
  if (!imported.ok) return false
  const signed = { signingInput: Buffer.from(data), signature: Buffer.from(signature) }
  return verifySignature({ header: { alg }, payload: Buffer.alloc(0), headerSegment: '', ...signed }, imported.key)
}

/**
 * A signer of a KMS as one of our keys: under the kid that is published. Its first signature is verified before it leaves,
 * since most KMS give ECDSA in DER, and a wrong key would only be noticed by verifiers.
 *
 * @throws Unavailable if the signer is for another algorithm
 */
function externalSigner(signer: Signer, key: OwnKey): Signer {
  const { kid, algorithm } = key
  if (signer.algorithm !== algorithm)
    throw unavailable(new Error(`the external signer signs with ${signer.algorithm}, the key is for ${algorithm}`))
  const state = { isProved: false }

  async function sign(data: Uint8Array): Promise<Uint8Array> {
    try {
      const signature = await signer.sign(data)
      if (!state.isProved && !fits(key, data, signature)) throw new Error('the external signature does not fit the published key')
      state.isProved = true
      return signature
    } catch (cause) {
      throw unavailable(cause)
    }
  }

  return { kid, algorithm, sign }
}
