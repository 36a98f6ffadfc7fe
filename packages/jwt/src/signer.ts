import {
  constants,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  KeyObject,
  type SignKeyObjectInput,
  sign,
} from 'node:crypto'
import { type Algorithm, checkOptions, kind, type OptionShape, type Signer, shownValue } from '@countersign/core'
import { algorithms, fitsAlgorithm, isHmac, type Primitive, primitiveOf } from './algorithms.js'
import { checkPublicKey } from './check-public-key.js'
import { rawSignature } from './ecdsa-signature.js'
import { hashBytes, isKeyMaterial } from './import-secret.js'
import { jwkThumbprint } from './thumbprint.js'

/** What `createSigner` needs. */
export interface SignerOptions {
  /** A private `KeyObject` or PKCS#8 PEM; for HMAC a secret `KeyObject` or its bytes. */
  readonly key: KeyObject | string | Uint8Array
  readonly algorithm: Algorithm
  /** Name of the key in tokens. Required for HMAC. @defaultValue the RFC 7638 thumbprint */
  readonly kid?: string
  /**
   * Whether to sign on libuv's thread pool. RSA takes half a millisecond, during which nothing else would run.
   * @defaultValue true for RS and PS algorithms
   */
  readonly threadPool?: boolean
}

const isKey = (key: unknown): boolean => typeof key === 'string' || key instanceof KeyObject || key instanceof Uint8Array

const shape: OptionShape<SignerOptions> = {
  key: kind.required({ ...kind.satisfying('a KeyObject, PEM or the bytes of a secret', isKey), isSecret: true }),
  algorithm: kind.required(kind.oneOf(...algorithms)),
  kid: kind.satisfying('a string', (kid) => typeof kid === 'string'),
  threadPool: kind.flag,
}

/**
 * A signer over a key in this process.
 *
 * @throws TypeError for a key that is weak, does not fit the algorithm or is not private (for HMAC: not a secret)
 */
export function createSigner(options: SignerOptions): Signer {
  checkOptions('createSigner', options, shape)
  return isHmac(options.algorithm) ? createHmacSigner(options) : createKeyPairSigner(options)
}

function createHmacSigner({ key, algorithm, kid }: SignerOptions): Signer {
  const { hash } = primitiveOf(algorithm)
  if (kid === undefined || kid === '')
    throw new TypeError(`createSigner: kid must be a non-empty string for a secret, got ${shownValue(kid)}`)
  if (hash === null || !isHmac(algorithm) || typeof key === 'string')
    throw new TypeError('createSigner: key must be bytes or a secret KeyObject for an HMAC algorithm, got a string')
  const secret = key instanceof KeyObject ? key : createSecretKey(key)
  if (secret.type !== 'secret') throw new TypeError(`createSigner: key must be a secret for ${algorithm}, got a ${secret.type} key`)
  const bytes = secret.export()
  if (bytes.length < hashBytes(algorithm))
    throw new TypeError(`createSigner: key must have ${hashBytes(algorithm)} bytes or more for ${algorithm}, got ${bytes.length}`)
  if (isKeyMaterial(bytes)) throw new TypeError('createSigner: key must be a secret, got an asymmetric key')
  return Object.freeze({ kid, algorithm, sign: (data: Uint8Array) => createHmac(hash, secret).update(data).digest() })
}

function createKeyPairSigner({ key, algorithm, kid, threadPool }: SignerOptions): Signer {
  const privateKey = readPrivateKey(key)
  if (!fitsAlgorithm(privateKey, algorithm))
    throw new TypeError(`createSigner: key must fit ${algorithm}, got a key of type ${privateKey.asymmetricKeyType}`)
  const half = checkPublicKey(createPublicKey(privateKey), { algorithm })
  if (!half.ok) throw new TypeError(`createSigner: key cannot be used: ${half.reason}`)
  const primitive = primitiveOf(algorithm)
  const { family, hash } = primitive
  const prepared = signingKey(privateKey, primitive)
  const finish = family === 'ecdsa' ? (der: Uint8Array) => rawSignature(der, primitive.bytes) : (signature: Uint8Array) => signature
  const onPool = threadPool ?? (family === 'rsa' || family === 'pss')
  return Object.freeze({
    kid: kid ?? jwkThumbprint(privateKey),
    algorithm,
    sign: (data: Uint8Array) =>
      onPool
        ? new Promise<Uint8Array>((resolve, reject) => {
            sign(hash, data, prepared, (error, signature) => (error ? reject(error) : resolve(finish(signature))))
          })
        : finish(sign(hash, data, prepared)),
  })
}

/** What node:crypto signs with. A key wrapped in options, which PSS needs, makes some versions half as slow again. */
function signingKey(key: KeyObject, primitive: Primitive): KeyObject | SignKeyObjectInput {
  if (primitive.family !== 'pss') return key
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: primitive.hashBytes }
}

function readPrivateKey(key: SignerOptions['key']): KeyObject {
  const read = typeof key === 'string' ? createPrivateKey(key) : key
  if (!(read instanceof KeyObject) || read.type !== 'private')
    throw new TypeError(
      `createSigner: key must be a private KeyObject or a string of PKCS#8 PEM, got ${read instanceof KeyObject ? `a ${read.type} key` : `a value of type ${typeof read}`}`,
    )
  return read
}
