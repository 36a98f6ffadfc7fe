import {
  createFakeIntrospection,
  type FakeIntrospection,
  type FakeIntrospectionOptions,
  type FixedClock,
  fixedClock,
} from '@countersign/testkit'
import { createGuard, type GuardOptions, type IntrospectionOptions, introspection, type ResourceGuard } from '@countersign/verifier'
import { onTestFinished } from 'vitest'
import { startsAt, withHeader } from '../verifier/guard-setup.js'

const issuer = 'https://login.test'
const audience = 'https://api.test'
export const good = 'op_good-token'

/** Options of an entry for a fake, which may be changed. */
export function optionsOf(fake: FakeIntrospection, changes: Partial<IntrospectionOptions> = {}): IntrospectionOptions {
  return {
    issuer,
    endpoint: fake.url,
    authentication: {
      method: 'client_secret_basic',
      clientId: 'api',
      secrets: { current: { id: '1', secret: 'secret-of-the-api' } },
    },
    recognise: { prefix: 'op_' },
    audience,
    maxCacheSeconds: 30,
    ...changes,
  }
}

export async function startFake(options: FakeIntrospectionOptions = {}): Promise<FakeIntrospection> {
  const fake = await createFakeIntrospection({ issuer, ...options })
  onTestFinished(() => fake.close())
  return fake
}

interface Introspected {
  readonly fake: FakeIntrospection
  readonly guard: ResourceGuard
  readonly clock: FixedClock
}

/** A guard with one entry `main` for a fake server that knows the token {@link good}, under a clock that only the test moves. */
export async function startIntrospection(
  changes: Partial<IntrospectionOptions> = {},
  guardOptions: Partial<GuardOptions> = {},
  fakeOptions: FakeIntrospectionOptions = {},
): Promise<Introspected> {
  const clock = fixedClock(startsAt)
  const fake = await startFake({ now: clock.now, ...fakeOptions })
  fake.activate(good)
  const guard = createGuard({ now: clock.now, issuers: { main: introspection(optionsOf(fake, changes)) }, ...guardOptions })
  onTestFinished(() => guard.close())
  return { fake, guard: guard as unknown as ResourceGuard, clock }
}

/** A request with a token, from an address. */
export const from = (ip: string, token: string) => withHeader(`Bearer ${token}`, { ip })
