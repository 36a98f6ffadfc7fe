import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as compat from '@countersign/express/compat'
import { createFakeIssuer, type FakeIssuer, testKeys } from '@countersign/testkit'
import { createGuard, oidc, type ResourceGuard } from '@countersign/verifier'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { compare, expectPage, othersThanListed } from './differences.js'
import { appWith, checkedRoutes, type Mount } from './oauth2-jwt-bearer-app.js'
import { oauth2JwtBearerDifferences } from './oauth2-jwt-bearer-differences.js'
import { type Answers, answersTo, type Probe } from './probe.js'
import { audience, credentials, malformedProbes, probesOf, tokenIn } from './tokens.js'

/** Its types would add a member to the requests of every Express app of these tests. */
const oldPackage = createRequire(import.meta.url)('express-oauth2-jwt-bearer') as { auth(options: object): ReturnType<Mount['auth']> }

let issuer: FakeIssuer
let guard: ResourceGuard
let usual: readonly Probe[]
let malformed: readonly Probe[]

const guardOf = (place: FakeIssuer): ResourceGuard =>
  createGuard({
    issuers: { entry: oidc({ issuer: place.issuer, algorithms: ['RS256'], audience, allowInsecure: true }) },
    tokenFrom: { query: true, body: true },
  })
const before = (): Mount =>
  ({
    ...oldPackage,
    auth: (options: object = {}) => oldPackage.auth({ issuerBaseURL: issuer.issuer, audience, dpop: { enabled: false }, ...options }),
  }) as unknown as Mount
const after = (): Mount => ({ ...compat, auth: (options: object = {}) => compat.auth(guard, options) })

// Hundreds of requests take long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  issuer = await createFakeIssuer({ keys: [testKeys.rs256], audience })
  guard = guardOf(issuer)
  const all = await credentials(issuer)
  const good = tokenIn(all, 'a good token')
  const bearer = [['authorization', `Bearer ${good}`]] as const
  const form = ['content-type', 'application/x-www-form-urlencoded'] as const
  const inOtherPlaces = ['a good token', 'a token that expired', 'a token for another audience'].flatMap((name) => {
    const field = `access_token=${tokenIn(all, name)}`
    return [
      { name: `query: ${name}`, request: { path: `/required?${field}`, headers: [] } },
      { name: `query, optional: ${name}`, request: { path: `/optional?${field}`, headers: [] } },
      { name: `form: ${name}`, request: { method: 'POST', path: '/form', headers: [form], body: field } },
      { name: `form and field: ${name}`, request: { method: 'POST', path: '/form', headers: [...bearer, form], body: field } },
      { name: `form and query: ${name}`, request: { method: 'POST', path: `/form?${field}`, headers: [form], body: field } },
    ]
  })
  const some = new Map(
    [...all].filter(([name]) => ['no credentials', 'a good token', 'a good token without sub', 'a token that expired'].includes(name)),
  )
  usual = [
    ...probesOf(['/required', '/optional'], all),
    ...probesOf(checkedRoutes, some),
    ...checkedRoutes.map((path) => ({ name: `unguarded ${path}`, request: { path: `/unguarded${path}`, headers: bearer } })),
    ...inOtherPlaces,
    {
      name: 'form: of another type',
      request: { method: 'POST', path: '/form', headers: [['content-type', 'text/plain']], body: `access_token=${good}` },
    },
  ]
  malformed = malformedProbes('/required', good, testKeys.rs256)
})

afterAll(async () => {
  vi.restoreAllMocks()
  await guard.close()
  await issuer.close()
})

async function answers(sent: readonly Probe[], handling: 'as JSON' | 'of Express'): Promise<readonly [Answers, Answers]> {
  return Promise.all([answersTo(sent, appWith(before(), handling)), answersTo(sent, appWith(after(), handling))])
}

describe('beside express-oauth2-jwt-bearer 1, an app', () => {
  it('whose error handler shows everything answers every probe as before, but for the differences that are listed', async () => {
    const sent = [...usual, ...malformed]
    expect(sent.length).toBeGreaterThan(150)
    const { unexplained, untrue } = compare(sent, ...(await answers(sent, 'as JSON')), oauth2JwtBearerDifferences)
    expect(unexplained).toEqual([])
    expect(untrue).toEqual([])
  })

  it('without an error handler answers as before', async () => {
    const [old, ours] = await answers(usual, 'of Express')
    expect(othersThanListed(usual, old, ours, { ...oauth2JwtBearerDifferences, added: [] })).toEqual([])
  })

  it('answers 503 while the metadata of the issuer cannot be fetched; before, it was 401', async () => {
    const down = await createFakeIssuer({ keys: [testKeys.rs256], audience })
    const probe: Probe = { name: 'bearer', request: { path: '/required', headers: [['authorization', `Bearer ${await down.token()}`]] } }
    await down.stop()
    await using guardOfOutage = guardOf(down)
    const old = oldPackage.auth({ issuerBaseURL: down.issuer, audience, dpop: { enabled: false } })
    const oldAnswer = (await answersTo([probe], appWith({ ...before(), auth: () => old }, 'as JSON'))).get('bearer')
    const ours = compat.auth(guardOfOutage) as ReturnType<Mount['auth']>
    const answer = (await answersTo([probe], appWith({ ...after(), auth: () => ours }, 'as JSON'))).get('bearer')
    expect(oldAnswer?.status).toBe(401)
    expect(answer?.status).toBe(503)
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({ error: { of: 'ServiceUnavailableError' } })
  })
})

it('the differences are those of the page', () => {
  expectPage(readFileSync(new URL('../../docs/migrate/express-oauth2-jwt-bearer.md', import.meta.url), 'utf8'), oauth2JwtBearerDifferences)
})
