import type { JwtClaims } from '@countersign/core'
import { publicJwkOf, testKeys } from '@countersign/testkit'
import { type CognitoAccessClaims, type CognitoIdClaims, cognito, createGuard, jwks, staticKeys } from '@countersign/verifier'
import { expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { audience, bearer, issuer, startsAt, tokenOf } from './guard-setup.js'

const pool = { userPoolId: 'eu-central-1_Test00000', clientId: 'c' }
const remote = { issuer: 'https://a.test', url: 'https://a.test/jwks', algorithms: ['ES256'], audience } as const
const local = { audience, algorithms: ['ES256'], keys: publicJwkOf(testKeys.es256) } as const

const guard = createGuard({
  now: () => startsAt * 1000,
  issuers: {
    access: cognito(pool),
    id: cognito({ ...pool, userPoolId: 'eu-central-1_Test00001', tokenUse: 'id' }),
    plain: jwks(remote),
    own: staticKeys({ ...local, issuer, schema: z.object({ level: z.number().default(1) }) }),
  },
  resolveIssuer: {
    via: 'tenant',
    prefixes: ['https://login.test/'],
    resolve: async (iss) => staticKeys({ ...local, issuer: iss, schema: z.object({ plan: z.string() }) }),
  },
})

it('via tells the entry, and narrows the claims to what it gives', async () => {
  for (const [claims, said] of [
    [{}, 'own 1'],
    [{ iss: 'https://login.test/a', plan: 'free' }, 'tenant free'],
  ] as const) {
    const admission = await guard.check(bearer(await tokenOf(claims)))
    if (!admission.ok || admission.anonymous) throw new Error('the request was not admitted')
    const { auth } = admission
    expectTypeOf(auth.via).toEqualTypeOf<'access' | 'id' | 'plain' | 'own' | 'tenant'>()
    switch (auth.via) {
      case 'access':
        expectTypeOf(auth.claims).toExtend<CognitoAccessClaims>()
        break
      case 'id':
        expectTypeOf(auth.claims).toExtend<CognitoIdClaims>()
        break
      case 'plain':
        expectTypeOf(auth.claims.exp).toEqualTypeOf<number>()
        expectTypeOf(auth.claims).toExtend<JwtClaims>()
        break
      case 'own':
        expectTypeOf(auth.claims.level).toEqualTypeOf<number>()
        expect(`${auth.via} ${auth.claims.level}`).toBe(said)
        break
      case 'tenant':
        expectTypeOf(auth.claims.plan).toEqualTypeOf<string>()
        expect(`${auth.via} ${auth.claims.plan}`).toBe(said)
        break
    }
  }
})

it('setIssuer and removeIssuer know the names, and the claims that an entry of a name must give', () => {
  type Names = Parameters<typeof guard.verifier.removeIssuer>[0]
  expectTypeOf<Names>().toEqualTypeOf<'access' | 'id' | 'plain' | 'own'>()
  const set = guard.verifier.setIssuer<'access'>
  expectTypeOf(cognito(pool)).toExtend<Parameters<typeof set>[1]>()
  expectTypeOf(jwks(remote)).not.toExtend<Parameters<typeof set>[1]>()
})
