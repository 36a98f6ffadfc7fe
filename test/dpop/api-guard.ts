import type { Guard } from '@countersign/core'
import { publicJwkOf, signToken, testKeys } from '@countersign/testkit'
import { createGuard, type GuardOptions, staticKeys } from '@countersign/verifier'

const issuer = 'https://issuer.test'
/** Where clients reach the API. The servers of the tests listen elsewhere. */
const resource = 'https://api.example'
export const nonceSecrets = { current: { id: '1', secret: 'n'.repeat(32) } }

const seconds = (): number => Math.floor(Date.now() / 1000)

export function tokenOf(claims: Readonly<Record<string, unknown>>): Promise<string> {
  const all = { iss: issuer, aud: resource, sub: 'user-1', iat: seconds(), exp: seconds() + 300, scope: 'read', ...claims }
  return signToken({ claims: all, key: testKeys.es256 })
}

type EntryOptions = Partial<Parameters<typeof staticKeys>[0]>

export function guardOf(options: Partial<GuardOptions> = {}, entry: EntryOptions = {}): Guard {
  const main = staticKeys({ issuer, audience: resource, algorithms: ['ES256'], keys: publicJwkOf(testKeys.es256), ...entry } as never)
  const guard = createGuard({ issuers: { main }, resource, senderConstraint: { dpop: {} }, ...options })
  return guard as unknown as Guard
}
