import { constants, createHmac, type KeyObject, sign } from 'node:crypto'
import type { Algorithm } from '@countersign/core'
import { pairFor, sampleSecret } from './sample-keys.js'

type Text = string | Uint8Array

/** Signs a signing input with node:crypto alone, so that what is under test has no part in it. */
export function rawSignature(input: string, algorithm: Algorithm, key: KeyObject | undefined): Buffer {
  const hash = `sha${algorithm.slice(2)}`
  const data = Buffer.from(input)
  if (algorithm.startsWith('HS'))
    return createHmac(hash, key ?? sampleSecret)
      .update(data)
      .digest()
  const privateKey = key ?? pairFor(algorithm).privateKey
  if (algorithm.startsWith('E') && !algorithm.startsWith('ES')) return sign(null, data, privateKey)
  if (algorithm.startsWith('ES')) return sign(hash, data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  if (algorithm.startsWith('RS')) return sign(hash, data, privateKey)
  return sign(hash, data, {
    key: privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
  })
}

/** A compact JWS over any two texts, however wrong they are, with a good signature. */
export function compact(header: Text, payload: Text, algorithm: Algorithm, key?: KeyObject): string {
  const input = `${Buffer.from(header).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
  return `${input}.${rawSignature(input, algorithm, key).toString('base64url')}`
}

/** The same over two objects. */
export function compactOf(header: object, claims: object, algorithm: Algorithm, key?: KeyObject): string {
  return compact(JSON.stringify({ alg: algorithm, ...header }), JSON.stringify(claims), algorithm, key)
}
