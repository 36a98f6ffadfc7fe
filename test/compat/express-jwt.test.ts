import { readFileSync } from 'node:fs'
import { expressJwt } from '@countersign/express/compat'
import { createFakeIssuer, type FakeIssuer, testKeys } from '@countersign/testkit'
import { createGuard, jwks, type ResourceGuard } from '@countersign/verifier'
import { expressjwt } from 'express-jwt'
import jwksRsa from 'jwks-rsa'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { compare, expectPage, othersThanListed } from './differences.js'
import { appOfPaths, appWith, type ErrorHandling, type Mount, type SharedOptions } from './express-jwt-app.js'
import { expressJwtDifferences } from './express-jwt-differences.js'
import { type ExpressJwtProbes, expressJwtProbes } from './express-jwt-probes.js'
import { type Answer, type Answers, answersTo, type Probe } from './probe.js'
import { expectSameTargets } from './request-targets.js'
import { audience } from './tokens.js'

let issuer: FakeIssuer
let guard: ResourceGuard
let probes: ExpressJwtProbes

const oldWith = (jwksUri: string, options: SharedOptions = {}): ReturnType<Mount> => {
  const secret = jwksRsa.expressJwtSecret({ jwksUri, cache: true }) as never
  return expressjwt({ secret, algorithms: ['RS256'], issuer: issuer.issuer, audience, ...options }) as ReturnType<Mount>
}
const before: Mount = (options) => oldWith(issuer.jwksUrl, options)
const after: Mount = (options) => expressJwt(guard, options) as ReturnType<Mount>

// Hundreds of requests take long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

beforeAll(async () => {
  issuer = await createFakeIssuer({ keys: [testKeys.rs256], audience })
  const entry = jwks({ issuer: issuer.issuer, url: issuer.jwksUrl, algorithms: ['RS256'], audience, allowInsecure: true })
  guard = createGuard({ issuers: { entry } })
  probes = await expressJwtProbes(issuer)
  // Express writes errors that nobody handles to the console.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
})

afterAll(async () => {
  vi.restoreAllMocks()
  await guard.close()
  await issuer.close()
})

async function answers(sent: readonly Probe[], handling: ErrorHandling): Promise<readonly [Answers, Answers]> {
  return Promise.all([answersTo(sent, appWith(before, handling)), answersTo(sent, appWith(after, handling))])
}

describe('beside express-jwt 8, an app', () => {
  it('whose error handler shows everything answers every probe as before, but for the differences that are listed', async () => {
    const sent = [...probes.usual, ...probes.malformed]
    expect(sent.length).toBeGreaterThan(150)
    const { unexplained, untrue } = compare(sent, ...(await answers(sent, 'as JSON')), expressJwtDifferences)
    expect(unexplained).toEqual([])
    expect(untrue).toEqual([])
  })

  it('with the error handler of its README answers as before', async () => {
    const [old, ours] = await answers(probes.usual, 'of the README')
    expect(othersThanListed(probes.usual, old, ours, { ...expressJwtDifferences, added: [] })).toEqual([])
  })

  it('without an error handler answers as before, and with a challenge', async () => {
    const [old, ours] = await answers(probes.usual, 'of Express')
    const added = ['www-authenticate', 'cache-control']
    expect(othersThanListed(probes.usual, old, ours, { ...expressJwtDifferences, added })).toEqual([])
    const refused = [...ours.values()].filter(({ status }) => status === 401)
    expect(refused.filter(({ fields }) => !String(fields['www-authenticate']).startsWith('Bearer '))).toEqual([])
  })
})

describe('while the keys of the issuer cannot be fetched', () => {
  const outageOf = async (mount: Mount): Promise<Answer | undefined> => {
    const bearer: Probe = { name: 'bearer', request: { path: '/required', headers: [['authorization', `Bearer ${await issuer.token()}`]] } }
    return (await answersTo([bearer], appWith(mount, 'as JSON'))).get('bearer')
  }

  it('the error is a ServiceUnavailableError with 503, and not an UnauthorizedError; before, it was an error of jwks-rsa', async () => {
    const down = await createFakeIssuer({ issuer: issuer.issuer, keys: [testKeys.rs256], audience })
    await down.stop()
    const entry = jwks({ issuer: issuer.issuer, url: down.jwksUrl, algorithms: ['RS256'], audience, allowInsecure: true })
    await using guardOfOutage = createGuard({ issuers: { entry } })
    const old = await outageOf(() => oldWith(down.jwksUrl))
    const ours = await outageOf((options) => expressJwt(guardOfOutage, options) as ReturnType<Mount>)
    expect(old?.status).toBe(500)
    expect(ours?.status).toBe(503)
    expect(JSON.parse(ours?.body ?? '')).toMatchObject({
      error: {
        name: 'ServiceUnavailableError',
        whole: { reason: 'key_source_unavailable', headers: { 'retry-after': expect.any(String) as string } },
      },
    })
  })
})

it('paths are left out by the path that the router takes, and no other request passes without a token', () =>
  expectSameTargets(appOfPaths(before), appOfPaths(after)))

it('the differences are those of the page', () => {
  expectPage(readFileSync(new URL('../../docs/migrate/express-jwt.md', import.meta.url), 'utf8'), expressJwtDifferences)
})
