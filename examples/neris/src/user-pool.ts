import { createHash } from 'node:crypto'
import type { Now } from '@countersign/core'
import { createFakeCognito, type FakeCognito, type FakeCognitoFactor } from '@countersign/testkit'
import type { DeliverCode } from './deliver-code.js'
import type { Seed } from './seed.js'
import type { PoolSettings } from './settings.js'

/** Refresh tokens of people live so long, from the first sign-in on. */
export const signInSeconds = 5_400

/** A user pool: Cognito's, an emulator's, or the one in this process. */
export interface UserPool extends PoolSettings {
  /** Undefined where the pool is elsewhere. */
  readonly own: FakeCognito | undefined
  close(): Promise<void>
}

/** The same UUID for a name in every process. */
function subOf(username: string): string {
  const hex = createHash('sha256').update(`neris: ${username.toLowerCase()}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

const factors: Readonly<Record<'email_otp' | 'software_token_mfa', FakeCognitoFactor>> = {
  email_otp: 'EMAIL_OTP',
  software_token_mfa: 'SOFTWARE_TOKEN_MFA',
}

function addUsers({ users }: FakeCognito, seed: Seed): void {
  for (const { username, password, mfa, totp_secret: totpSecret } of seed.users) {
    if (!password) continue
    const more = { ...(mfa && { factors: [factors[mfa]] }), ...(totpSecret && { totpSecret }) }
    users.add({ username, email: username, password, sub: subOf(username), ...more })
  }
}

/** What the pool in this process needs. */
export interface OwnPoolOptions {
  readonly seed: Seed
  readonly deliver: DeliverCode
  /** Of 2048 bits. */
  readonly jwk: Readonly<Record<string, string>>
  /** The same in all processes on one store: what one began another goes on with. */
  readonly secret: string | Uint8Array
  readonly now: Now
}

/** A pool in this process, for development: it has the users of the seed. */
export async function startOwnPool({ seed, deliver, jwk, secret, now }: OwnPoolOptions): Promise<UserPool> {
  const [userPoolId, clientId] = ['us-east-2_Neris0000', 'neris-app']
  const own = await createFakeCognito({
    region: 'us-east-2',
    userPoolId,
    clients: [{ clientId, refreshTokenLifetimeSeconds: signInSeconds }],
    clientId,
    keys: [
      {
        kid: createHash('sha256')
          .update(jwk.n ?? '')
          .digest('base64url'),
        alg: 'RS256',
        jwk,
      },
    ],
    secret,
    onCode: deliver,
    now,
  })
  addUsers(own, seed)
  return { userPoolId, clientId, clientSecret: undefined, endpoint: own.url, issuer: undefined, own, close: () => own.stop() }
}

/** A pool that is elsewhere. It sends its codes itself. */
export function remotePool(pool: PoolSettings): UserPool {
  return { ...pool, own: undefined, close: async () => undefined }
}
