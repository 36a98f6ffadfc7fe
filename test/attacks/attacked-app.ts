import { optional, requireScopes } from '@countersign/core'
import {
  type AttackTarget,
  createFakeIssuer,
  createSender,
  type FakeIssuer,
  type FixedClock,
  fixedClock,
  type MountAdapter,
  testKeys,
} from '@countersign/testkit'
import { createGuard, type JwksOptions, jwks } from '@countersign/verifier'

const audience = 'https://api.test'

/** An app on one framework, set up for every attack that there is. */
export interface AttackedApp {
  readonly target: AttackTarget
  readonly clock: FixedClock
  close(): Promise<void>
}

function trust(issuer: FakeIssuer): ReturnType<typeof jwks> {
  const algorithms: JwksOptions['algorithms'] = ['ES256', 'RS256', 'EdDSA']
  return jwks({ issuer: issuer.issuer, url: issuer.jwksUrl, algorithms, audience })
}

export async function startAttackedApp(adapter: MountAdapter): Promise<AttackedApp> {
  const clock = fixedClock()
  const { now } = clock
  const issuer = await createFakeIssuer({ audience, now, keys: [testKeys.es256, testKeys.rs256, testKeys.eddsa] })
  const otherIssuer = await createFakeIssuer({ audience, now, keys: [testKeys.es256Other] })
  const deadIssuer = await createFakeIssuer({ audience, now, keys: [testKeys.rs256Other] })
  await deadIssuer.stop()
  const guard = createGuard({ now, issuers: { one: trust(issuer), other: trust(otherIssuer), dead: trust(deadIssuer) } })
  const server = await adapter.start((app) => {
    app.protect('/guarded', guard, [], () => ({ ok: true }))
    app.protect('/scoped', guard, [requireScopes('a', 'b')], () => ({ ok: true }))
    app.protect('/optional', guard, [optional()], () => ({ ok: true }))
    app.protect('/identity', guard, [], async ({ authOf }) => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      return { sub: authOf(guard).subject }
    })
  })
  return {
    clock,
    target: {
      send: createSender(server.url),
      routes: { guarded: '/guarded', scoped: '/scoped', optional: '/optional', identity: '/identity' },
      issuer,
      otherIssuer,
      deadIssuer,
      clock,
    },
    async close() {
      await server.close()
      await guard.close()
      await Promise.all([issuer.close(), otherIssuer.close(), deadIssuer.close()])
    },
  }
}
