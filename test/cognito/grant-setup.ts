import { memoryStores } from '@countersign/core/memory'
import { refreshToken } from '@countersign/grants'
import { type Continuation, passwordGrants } from '@countersign/grants/password'
import { basic, setup } from '../grants/endpoint-setup.js'
import { password, startPool } from './pool-setup.js'

export const mfa = 'urn:countersign:grant-type:mfa'
const named = (type: string): Continuation => ({ grantType: type, tokenParameter: 'session', codeParameter: type, challengeType: type })

/** A token endpoint over a pool, with a client that authenticates. */
export async function startGrant(...[options, fakeOptions]: Parameters<typeof startPool>) {
  const people = await startPool(options, fakeOptions)
  const { cognito, clock, pool } = people
  const continuations = [
    { grantType: mfa, tokenParameter: 'mfa_token', codeParameter: 'code' },
    ...['email_otp', 'software_token_mfa', 'new_password_required'].map(named),
  ]
  const grants = [
    ...passwordGrants({ authenticator: cognito.authenticator, continuations, now: clock.now }),
    refreshToken({ secrets: { current: { id: 'r', secret: 'k'.repeat(32) } }, providers: [cognito.refreshProvider] }),
  ]
  const memory = memoryStores({ now: clock.now })
  const kept: string[] = []
  const challenges: typeof memory.challenges = {
    ...memory.challenges,
    put(id, value, ttlMs) {
      kept.push(value)
      return memory.challenges.put(id, value, ttlMs)
    },
  }
  const stores = { ...memory, challenges }
  const suite = setup({ allStores: stores, grants, now: clock.now, clientOptions: { now: clock.now } })
  const client = await suite.register({ grants: ['password', 'refresh_token'], isFirstParty: true, refresh: { policy: 'rotating' } })
  const headers = basic(client.id, client.secret)
  const ask = (parameters: Readonly<Record<string, string>>) => suite.ask(parameters, headers)
  const signIn = (username: string, given = password) => ask({ grant_type: 'password', username, password: given })
  const answer = (token: string, code: string) => ask({ grant_type: mfa, mfa_token: token, code })
  return { ...people, suite, headers, ask, signIn, answer, pool, clock, kept }
}
