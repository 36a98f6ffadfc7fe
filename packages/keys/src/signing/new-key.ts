import { generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { type AsymmetricAlgorithm, shownValue } from '@countersign/core'
import { importJwk, isAlgorithm, isHmac, jwkThumbprint, publicJwk } from '@countersign/jwt'
import type { Envelope } from './envelope.js'
import type { NewKey } from './signing-key-steps.js'
import type { Use } from './succession.js'

/** Which key is meant when none is named. */
export interface KeyUse {
  /** @defaultValue the registry's first algorithm */
  readonly algorithm?: AsymmetricAlgorithm
  /** @defaultValue `'access_token'` */
  readonly purpose?: string
}

const generate = promisify(generateKeyPair)
const defaultPurpose = 'access_token'

/**
 * Fills in what a use leaves out.
 *
 * @throws TypeError for an algorithm that is unknown or symmetric
 */
export function completeUse({ algorithm, purpose = defaultPurpose }: KeyUse, usual: AsymmetricAlgorithm): Use {
  const chosen = algorithm ?? usual
  if (!isAlgorithm(chosen) || isHmac(chosen)) throw new TypeError(`key registry: algorithm must be asymmetric, got ${shownValue(chosen)}`)
  if (typeof purpose !== 'string' || purpose === '')
    throw new TypeError(`key registry: purpose must be a non-empty string, got ${shownValue(purpose)}`)
  return { algorithm: chosen, purpose }
}

/** Made on the thread pool. */
async function newPrivateKey(algorithm: AsymmetricAlgorithm): Promise<KeyObject> {
  switch (algorithm) {
    case 'ES256':
      return (await generate('ec', { namedCurve: 'P-256' })).privateKey
    case 'ES384':
      return (await generate('ec', { namedCurve: 'P-384' })).privateKey
    case 'ES512':
      return (await generate('ec', { namedCurve: 'P-521' })).privateKey
    case 'EdDSA':
    case 'Ed25519':
      return (await generate('ed25519', {})).privateKey
    case 'RS256':
    case 'RS384':
    case 'RS512':
    case 'PS256':
    case 'PS384':
    case 'PS512':
      return (await generate('rsa', { modulusLength: 2048 })).privateKey
  }
}

/**
 * A public key that somebody else holds the private half of.
 *
 * @throws TypeError if it is refused
 */
export function importedKey(jwk: Readonly<Record<string, unknown>>, use: Use): NewKey {
  const imported = importJwk({ alg: use.algorithm, ...jwk })
  if (!imported.ok) throw new TypeError(`stage: the key cannot be used: ${imported.reason}`)
  if (!imported.key.algorithms.includes(use.algorithm))
    throw new TypeError(`stage: the key must be for ${use.algorithm}, got one for ${imported.key.algorithms.join(', ')}`)
  const half = publicJwk(imported.key.key)
  return { kid: jwkThumbprint(half), ...use, publicJwk: { ...half } }
}

/** A pair of our own, sealed. Rejects with TypeError without an envelope. */
export async function newKey(use: Use, envelope: Envelope | undefined): Promise<NewKey> {
  if (envelope === undefined)
    throw new TypeError(
      'key registry: option `encryption` is missing, so keys cannot be generated; stage the public key of an external signer instead',
    )
  const privateKey = await newPrivateKey(use.algorithm)
  const kid = jwkThumbprint(privateKey)
  return { kid, ...use, publicJwk: { ...publicJwk(privateKey) }, sealed: envelope.seal(privateKey, kid) }
}
