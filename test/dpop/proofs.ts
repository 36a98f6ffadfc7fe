import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, type GenerateKeyPairResult, generateKeyPair, type JWK, SignJWT } from 'jose'

/** A key of a client, made by jose. */
export interface ClientKey {
  readonly algorithm: string
  readonly privateKey: GenerateKeyPairResult['privateKey']
  readonly jwk: JWK
  readonly thumbprint: string
}

export async function clientKey(algorithm: string): Promise<ClientKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true })
  const jwk = await exportJWK(publicKey)
  return { algorithm, privateKey, jwk, thumbprint: await calculateJwkThumbprint(jwk) }
}

/** The request that proofs are made for, unless a test says otherwise. */
export const method = 'POST'
export const url = 'https://api.example/orders'
export const accessToken = 'an-access-token'
/** Epoch seconds. */
export const startsAt = 1_800_000_000

export const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url')

export interface ProofChanges {
  readonly header?: Record<string, unknown>
  readonly claims?: Record<string, unknown>
}

/** A good proof, with changes. A member that is undefined is left out. */
export async function proofOf(key: ClientKey, { header = {}, claims = {} }: ProofChanges = {}): Promise<string> {
  const payload = { jti: randomUUID(), htm: method, htu: url, iat: startsAt, ath: hashOf(accessToken), ...claims }
  return new SignJWT(payload).setProtectedHeader({ alg: key.algorithm, typ: 'dpop+jwt', jwk: key.jwk, ...header }).sign(key.privateKey)
}
