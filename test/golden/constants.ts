import { createHash } from 'node:crypto'
import { jwkThumbprint } from '@countersign/jwt'
import { type TestKey, testKeys } from '@countersign/testkit'

/** Where the clock stands when the first request is sent, in epoch seconds. Far from any today, so that it is told from the clocks of servers. */
export const startsAt = 2_000_000_000
export const issuer = 'https://auth.example'
export const otherIssuer = 'https://other-tenant.example'
export const peopleIssuer = 'https://people.example'
export const downIssuer = 'https://down.example'
export const [api, otherApi] = ['https://api.example', 'https://other-api.example'] as const

export const { es256, es256Other, es384, rs256, rs256Other } = testKeys
/** What signs our tokens, and what signs those of people. */
export const [ourKey, peopleKey]: readonly [TestKey, TestKey] = [es256, rs256]
export const ourKid: string = jwkThumbprint(ourKey.jwk)

const bytesOf = (purpose: string): Buffer => createHash('sha256').update(`golden ${purpose}`).digest()

/** Secrets that are the same in every run. */
export const pepper = { current: { id: 'p1', secret: bytesOf('pepper') } }
export const refreshSecrets = { current: { id: 'r1', secret: bytesOf('refresh') } }
export const encryption = { current: { id: 'kek1', secret: bytesOf('encryption') } }
export const nonceSecrets = { current: { id: 'n1', secret: Buffer.concat([bytesOf('nonce 1'), bytesOf('nonce 2')]) } }

/** The secret of a client. */
export const secretOf = (client: string): string => `${client}-secret-0123456789abcdef0123456789abcdef`
export const basicOf = (client: string, secret = secretOf(client)): Readonly<Record<string, string>> => ({
  authorization: `Basic ${Buffer.from(`${client}:${secret}`).toString('base64')}`,
})

export const grantType = {
  mfa: 'urn:countersign:grant-type:mfa',
  exchange: 'urn:ietf:params:oauth:grant-type:token-exchange',
  bearer: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
} as const
export const tokenType = {
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  access: 'urn:ietf:params:oauth:token-type:access_token',
  refresh: 'urn:ietf:params:oauth:token-type:refresh_token',
} as const
export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Bytes that are the same in every run: the n-th draw is always the same. */
export function countedBytes(name: string): (size: number) => Buffer {
  let drawn = 0
  return (size) => {
    drawn += 1
    return createHash('shake256', { outputLength: size }).update(`${name} ${drawn}`).digest()
  }
}

/** UUIDs that are the same in every run. */
export function countedUuids(name: string): () => string {
  const bytes = countedBytes(name)
  return () => {
    const hex = bytes(16).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
  }
}
