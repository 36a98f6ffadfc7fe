import { type Events, onEvent, type Reply, type WireRequest } from '@countersign/core'
import { type FixedClock, fixedClock, publicJwkOf, signToken, type TestKey, testKeys } from '@countersign/testkit'
import {
  createGuard,
  type GuardOptions,
  type Requirement,
  type ResourceGuard,
  type StaticKeysOptions,
  staticKeys,
} from '@countersign/verifier'
import { onTestFinished } from 'vitest'

export const issuer = 'https://issuer.test'
export const audience = 'https://api.test'
/** Where `fixedClock` starts, in epoch seconds. */
export const startsAt = 1_800_000_000

/** Claims that the entry of {@link entryOf} accepts. An undefined claim is left out. */
export function claimsOf(changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return { iss: issuer, aud: audience, sub: 'user-1', iat: startsAt, exp: startsAt + 300, scope: 'read write', ...changes }
}

export function tokenOf(
  changes: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
  key: TestKey = testKeys.es256,
): Promise<string> {
  return signToken({ claims: claimsOf(changes), key, header })
}

/** An entry whose only key is `testKeys.es256`. */
export function entryOf(changes: Partial<StaticKeysOptions> = {}): ReturnType<typeof staticKeys> {
  const options = { issuer, audience, algorithms: ['ES256'], keys: publicJwkOf(testKeys.es256), ...changes }
  return staticKeys(options as StaticKeysOptions)
}

export interface Guarded {
  readonly guard: ResourceGuard
  readonly clock: FixedClock
}

/** A guard with one entry under a clock that only the test moves. */
export function startGuard(options: Partial<GuardOptions> = {}): Guarded {
  const clock = fixedClock(startsAt)
  const guard = createGuard({ now: clock.now, issuers: { main: entryOf() }, ...options })
  onTestFinished(() => guard.close())
  return { guard: guard as unknown as ResourceGuard, clock }
}

export function withHeader(authorization: string, changes: Partial<WireRequest> = {}): WireRequest {
  return { method: 'GET', url: '/', headers: { authorization }, rawHeaders: ['Authorization', authorization], ...changes }
}

export function bearer(token: string): WireRequest {
  return withHeader(`Bearer ${token}`)
}

/** `'200 <via>'`, `'anonymous'`, or the status and the reason. */
export async function answerTo(
  guard: Pick<ResourceGuard, 'check'>,
  request: WireRequest | string,
  ...requirements: readonly Requirement[]
): Promise<string> {
  const admission = await guard.check(typeof request === 'string' ? bearer(request) : request, ...requirements)
  if (!admission.ok) return `${admission.reply.status} ${admission.reason}`
  return admission.anonymous ? 'anonymous' : `200 ${admission.auth.via}`
}

/** The whole reply to a request that must be refused. */
export async function replyTo(
  guard: Pick<ResourceGuard, 'check'>,
  request: WireRequest | string,
  ...requirements: readonly Requirement[]
): Promise<Reply> {
  const admission = await guard.check(typeof request === 'string' ? bearer(request) : request, ...requirements)
  if (admission.ok) throw new Error('the request was admitted')
  return admission.reply
}

/** What a channel carries from now on. */
export function recorded<N extends keyof Events>(name: N): Events[N][] {
  const messages: Events[N][] = []
  onTestFinished(onEvent(name, (message) => messages.push(message)))
  return messages
}
