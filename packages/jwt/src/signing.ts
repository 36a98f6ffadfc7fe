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
import { parseJsonObject } from './strict-json.js'
import { jwkThumbprint } from './thumbprint.js'

/** How a JWT is signed. */
export interface SignJwtOptions {
  readonly signer: Signer
  /** Explicit type of the token, for instance `at+jwt` (RFC 8725 §3.11). */
  readonly typ: string
  /** Further header members; `alg`, `typ`, `kid`, `crit`, `b64` and `zip` are not for the caller. */
  readonly header?: Readonly<Record<string, unknown>>
  /** Leaves `kid` out. @defaultValue false */
  readonly omitKid?: boolean
}

const reservedMembers = ['alg', 'typ', 'kid', 'crit', 'b64', 'zip']
const dates = ['exp', 'nbf', 'iat']

/**
 * Signs claims as a compact JWS.
 *
 * @param claims - an object; members that are undefined are left out
 * @returns the token
 * @throws TypeError for a reserved header member, for `exp`, `nbf` or `iat` that is not a finite number, and for claims that
 *   `parseClaims` would refuse: an integer beyond 2^53 - 1 (RFC 7493 §2.2), an unpaired surrogate, a name that needs an escape, more than 16
 *   levels or 1000 members
 */
export async function signJwt(claims: object, options: SignJwtOptions): Promise<string> {
  const { signer, typ, header, omitKid } = options
  for (const name of reservedMembers) {
    if (header !== undefined && Object.hasOwn(header, name))
      throw new TypeError(`signJwt: header must not have the member ${name}, which the signer sets`)
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
    throw new TypeError(`signJwt: claims must be an object, got ${shownValue(claims)}`)
  for (const name of dates) {
    const date: unknown = (claims as Record<string, unknown>)[name]
    if (date !== undefined && !Number.isFinite(date))
      throw new TypeError(`signJwt: the claim ${name} must be a finite number, got ${shownValue(date)}`)
  }
  const full = { alg: signer.algorithm, typ, ...(omitKid ? {} : { kid: signer.kid }), ...header }
  const input = `${encode(JSON.stringify(full))}.${encode(textOf(claims))}`
  const signature = await signer.sign(Buffer.from(input, 'latin1'))
  return `${input}.${Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength).toString('base64url')}`
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url')
}

/**
 * The text of claims, by the rules that they are read by: what is refused everywhere must not be issued. A database gives an id beyond
 * 2^53 as the number next to it, which is another user's id.
 */
function textOf(claims: object): string {
  const text = JSON.stringify(claims)
  const reading = parseJsonObject(Buffer.from(text, 'utf8'))
  if ('object' in reading) return text
  const { reason } = reading
  throw new TypeError(
    reason.kind === 'integer'
      ? `signJwt: claims.${reason.member.slice(0, 64)} must be a string, or an integer between -(2^53 - 1) and 2^53 - 1, got an integer that a double cannot hold`
      : `signJwt: claims must be one JSON object that verifiers read, got ${reason.what}`,
  )
}

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
    throw new TypeError(`createSigner: key must have ${hashBytes(algorithm)} bytes or more for ${algorithm}, got ${bytes.length} bytes`)
  if (isKeyMaterial(bytes))
    throw new TypeError('createSigner: key must be a secret, not PEM, DER or a JWK of an asymmetric key, got one of these')
  return Object.freeze({ kid, algorithm, sign: (data: Uint8Array) => createHmac(hash, secret).update(data).digest() })
}

function createKeyPairSigner({ key, algorithm, kid, threadPool }: SignerOptions): Signer {
  const privateKey = readPrivateKey(key)
  if (!fitsAlgorithm(privateKey, algorithm))
    throw new TypeError(`createSigner: key must fit ${algorithm}, got a key of type ${privateKey.asymmetricKeyType}`)
  const half = checkPublicKey(createPublicKey(privateKey), { algorithm })
  if (!half.ok) throw new TypeError(`createSigner: key must be a private key that can be used, got one with the fault ${half.reason}`)
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

function readPem(text: string): KeyObject {
  try {
    return createPrivateKey(text)
  } catch (cause) {
    // OpenSSL's own message names neither the factory nor the option.
    throw new TypeError(`createSigner: key must be PEM of a private key without a passphrase, got ${shownValue(text)}`, { cause })
  }
}

function readPrivateKey(key: SignerOptions['key']): KeyObject {
  const read = typeof key === 'string' ? readPem(key) : key
  if (!(read instanceof KeyObject) || read.type !== 'private')
    throw new TypeError(
      `createSigner: key must be a private KeyObject or a string of PKCS#8 PEM, got ${read instanceof KeyObject ? `a ${read.type} key` : `a value of type ${typeof read}`}`,
    )
  return read
}
