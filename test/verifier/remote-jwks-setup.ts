import { type KeySourceEvent, onEvent, type WireRequest } from '@countersign/core'
import { createFakeIssuer, type FakeIssuer, type FakeIssuerOptions, type FixedClock, fixedClock, forgeToken } from '@countersign/testkit'
import { createGuard, type GuardOptions, type JwksOptions, jwks, type Requirement, type ResourceGuard } from '@countersign/verifier'
import { onTestFinished, vi } from 'vitest'

export const audience = 'https://api.test'

/** A guard that trusts one fake issuer over HTTP, under a clock that only the test moves. */
export interface Trial {
  readonly issuer: FakeIssuer
  readonly clock: FixedClock
  readonly guard: ResourceGuard
  /** What became of each load of keys. */
  readonly loads: readonly KeySourceEvent[]
  /** `'200'`, or the status and the reason. */
  ask(token: string): Promise<string>
}

export function bearer(token: string): WireRequest {
  return { method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }
}

export async function answerOf(guard: Pick<ResourceGuard, 'check'>, token: string, ...requirements: Requirement[]): Promise<string> {
  const admission = await guard.check(bearer(token), ...requirements)
  return admission.ok ? '200' : `${admission.reply.status} ${admission.reason}`
}

export async function retryAfter(guard: Pick<ResourceGuard, 'check'>, token: string): Promise<number> {
  const admission = await guard.check(bearer(token))
  return admission.ok ? Number.NaN : Number(admission.reply.headers['retry-after'])
}

export function recordedLoads(): KeySourceEvent[] {
  const loads: KeySourceEvent[] = []
  onTestFinished(onEvent('countersign:key-source', (event) => loads.push(event)))
  return loads
}

export async function startIssuer(options: FakeIssuerOptions = {}): Promise<FakeIssuer> {
  const issuer = await createFakeIssuer({ audience, ...options })
  onTestFinished(() => issuer.close())
  return issuer
}

export async function startTrial(
  options: Partial<JwksOptions> = {},
  guardOptions: Partial<GuardOptions> = {},
  issuerOptions: FakeIssuerOptions = {},
): Promise<Trial> {
  const clock = fixedClock()
  const loads = recordedLoads()
  const issuer = await startIssuer({ now: clock.now, ...issuerOptions })
  const entry = jwks({ issuer: issuer.issuer, url: issuer.jwksUrl, algorithms: ['ES256', 'RS256', 'EdDSA'], audience, ...options })
  const guard = createGuard({ now: clock.now, ...guardOptions, issuers: { partner: entry } })
  onTestFinished(() => guard.close())
  return { issuer, clock, guard, loads, ask: (token) => answerOf(guard, token) }
}

/** A token that names a kid nobody published. Its signature is never looked at. */
export function bogusToken({ issuer }: Pick<FakeIssuer, 'issuer'>, kid: string): string {
  return forgeToken({ header: { alg: 'ES256', kid, typ: 'at+jwt' }, payload: { iss: issuer } }, () => Buffer.alloc(64, 1))
}

export async function tokens(issuer: FakeIssuer, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => issuer.token({ lifetimeSeconds: 100_000 })))
}

/** Takes the monotonic clock into the hands of a test; timers stay real. */
export function steadyClock(): { advance(seconds: number): void } {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  return { advance: (seconds) => void vi.advanceTimersByTime(seconds * 1000) }
}

/** Waits in real time, a little at a time, until something is so. */
export async function until(isSo: () => boolean, milliseconds = 3000): Promise<void> {
  const deadline = performance.now() + milliseconds
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error('it did not become so in time')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
