import { type Signer, Unavailable } from '@countersign/core'
import { importJwk, verifySignature } from '@countersign/jwt'
import type { OwnKey } from './signing-key.js'

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
export function externalSigner(signer: Signer, key: OwnKey): Signer {
  const { kid, algorithm } = key
  const unavailable = (cause: unknown): Unavailable => new Unavailable('key_source_unavailable', { cause })
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
