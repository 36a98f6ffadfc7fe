import type { Auth, Guard } from '@countersign/core'
import {
  createFakeCognito,
  createFakeIssuer,
  type FakeCognito,
  type FakeIssuer,
  publicJwkOf,
  renameKey,
  type TestKey,
  testKeys,
} from '@countersign/testkit'
import { cognito, createGuard, createRevocations, type Revocations, staticKeys } from '@countersign/verifier'

/** The user pool signs with the first, rotates to the second, and to the third while nobody can fetch it. */
export const poolKeys: readonly [TestKey, TestKey, TestKey] = [
  renameKey(testKeys.rs256, { kid: 'pool-1' }),
  renameKey(testKeys.rs256Other, { kid: 'pool-2' }),
  renameKey(testKeys.ps256, { kid: 'pool-3', alg: 'RS256' }),
]

/** The only key of the API's own issuer. */
export const ownKey: TestKey = renameKey(testKeys.es256, { kid: 'own-1' })

/** Two issuers, what was revoked, and a clock that can be turned forward. */
export interface World {
  /** Cognito-like: its keys are fetched over HTTP. */
  readonly pool: FakeCognito
  /** The API's own issuer: its keys are known to the API. */
  readonly own: FakeIssuer
  readonly revocations: Revocations
  createGuard(): Guard<Auth>
  passTime(seconds: number): void
  close(): Promise<void>
}

/** Starts both issuers on loopback. */
export async function createWorld(): Promise<World> {
  const clock = { aheadMs: 0 }
  const now = (): number => Date.now() + clock.aheadMs
  const audience = 'https://api.example'
  const pool = await createFakeCognito({ userPoolId: 'eu-central-1_Demo00000', clientId: 'demo-client', keys: poolKeys.slice(0, 1), now })
  const own = await createFakeIssuer({ issuer: 'https://issuer.example', audience, keys: [ownKey], now })
  const revocations = createRevocations({ now })
  const issuers = {
    cognito: cognito({ userPoolId: pool.userPoolId, clientId: pool.clientId, endpoint: pool.url }),
    own: staticKeys({ issuer: own.issuer, keys: publicJwkOf(ownKey), algorithms: ['ES256', 'RS256'], audience }),
  }
  return {
    pool,
    own,
    revocations,
    createGuard: () => createGuard({ realm: 'demo', issuers, revocations, now }),
    passTime: (seconds) => {
      clock.aheadMs += seconds * 1000
    },
    close: async () => {
      await Promise.all([pool.close(), own.close()])
    },
  }
}
