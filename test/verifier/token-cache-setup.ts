import { type AcceptedEvent, onEvent, type RefusedEvent, type Requirement } from '@countersign/core'
import { type FixedClock, fixedClock, publicJwkOf, signToken, type TestKey, testKeys } from '@countersign/testkit'
import { createGuard, type GuardOptions, type IssuerEntry, type ResourceGuard, type RuleOptions, staticKeys } from '@countersign/verifier'
import { onTestFinished } from 'vitest'
import { answerOf, audience } from './remote-jwks-setup.js'

export const issuer = 'https://issuer.test'

/** A guard with keys that it holds, so that only its cache decides whether a token is judged anew. */
export interface CacheTrial {
  readonly guard: ResourceGuard
  readonly clock: FixedClock
  token(claims?: Readonly<Record<string, unknown>>, key?: TestKey): Promise<string>
  /** `'200'`, or the status and the reason; with `' cached'` where the cache answered. */
  ask(token: string, ...requirements: Requirement[]): Promise<string>
}

export function entry(options: Partial<RuleOptions<'ES256' | 'EdDSA', object>> & { keys?: TestKey[] } = {}): IssuerEntry {
  const { keys = [testKeys.es256, testKeys.eddsa], ...rule } = options
  return staticKeys({ issuer, algorithms: ['ES256', 'EdDSA'], audience, ...rule, keys: keys.map((key) => publicJwkOf(key)) })
}

type Trusting = Partial<Omit<GuardOptions, 'issuers'>> & { readonly issuers?: Readonly<Record<string, IssuerEntry>> }

export function startCacheTrial({ issuers = { partner: entry() }, ...options }: Trusting = {}): CacheTrial {
  const clock = fixedClock()
  const guard = createGuard({ now: clock.now, ...options, issuers })
  const seen: (AcceptedEvent | RefusedEvent)[] = []
  onTestFinished(onEvent('countersign:accepted', (event) => seen.push(event)))
  onTestFinished(onEvent('countersign:refused', (event) => seen.push(event)))
  return {
    guard,
    clock,
    token(claims = {}, key = testKeys.es256) {
      const now = clock.now() / 1000
      return signToken({ key, claims: { iss: issuer, sub: 'user-1', aud: audience, iat: now, exp: now + 300, ...claims } })
    },
    async ask(token, ...requirements) {
      const answer = await answerOf(guard, token, ...requirements)
      return seen.at(-1)?.cached ? `${answer} cached` : answer
    },
  }
}
