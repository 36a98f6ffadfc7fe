import { readFileSync } from 'node:fs'
import { koaJwt } from '@countersign/koa/compat'
import { createFakeIssuer, type FakeIssuer, testKeys } from '@countersign/testkit'
import { createGuard, jwks, type ResourceGuard } from '@countersign/verifier'
import jwksRsa from 'jwks-rsa'
import oldKoaJwt from 'koa-jwt'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { compare, expectPage, othersThanListed } from './differences.js'
import { appOfPaths, appWith, type ErrorHandling, type Mount } from './koa-jwt-app.js'
import { koaJwtDifferences } from './koa-jwt-differences.js'
import { type Answers, answersTo, type Probe } from './probe.js'
import { expectSameTargets } from './request-targets.js'
import { audience, credentials, malformedProbes, probesOf, tokenIn } from './tokens.js'

let issuer: FakeIssuer
let guard: ResourceGuard
let usual: readonly Probe[]
let malformed: readonly Probe[]

const oldWith = (jwksUri: string, options: object = {}): ReturnType<Mount> => {
  const secret = jwksRsa.koaJwtSecret({ jwksUri, cache: true })
  return oldKoaJwt({ secret, algorithms: ['RS256'], issuer: issuer.issuer, audience, ...options }) as unknown as ReturnType<Mount>
}
const before: Mount = (options) => oldWith(issuer.jwksUrl, options)
const after: Mount = (options) => koaJwt(guard, options)

const leftOut: readonly string[] = [
  '/path/open',
  '/path/open?x=1',
  '/path/open/',
  '/path/OPEN',
  '/path/%6fpen',
  '/path/opened',
  '/list/open',
  '/list/public/12',
  '/list/public/12a',
  '/ext/style.css',
  '/ext/notes.txt?v=2',
  '/ext/page.html?x=.css',
  '/method/any',
  '/custom/any?open=yes',
  '/custom/any?open=no',
]

// Hundreds of requests take long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

beforeAll(async () => {
  issuer = await createFakeIssuer({ keys: [testKeys.rs256], audience })
  const entry = jwks({ issuer: issuer.issuer, url: issuer.jwksUrl, algorithms: ['RS256'], audience, allowInsecure: true })
  guard = createGuard({ issuers: { entry } })
  const all = await credentials(issuer)
  const good = tokenIn(all, 'a good token')
  const inQueries = ['a good token', 'a token that expired', 'a token for another audience'].map((name) => ({
    name: `/query: ${name}, in the query`,
    request: { path: `/query?token=${tokenIn(all, name)}`, headers: [] },
  }))
  usual = [
    ...probesOf(['/required', '/optional', '/key', '/raw', '/write', '/query'], all),
    ...inQueries,
    { name: '/query: an empty token', request: { path: '/query?token=', headers: [] } },
    { name: '/query: not a JWT', request: { path: '/query?token=x.y', headers: [] } },
    {
      name: '/query: a bad token, and a good one in the field',
      request: { path: '/query?token=x', headers: [['authorization', `Bearer ${good}`]] },
    },
    ...leftOut.flatMap((path) =>
      ['GET', 'POST'].map((method) => ({ name: `${method} ${path}: no credentials`, request: { method, path, headers: [] } })),
    ),
  ]
  malformed = malformedProbes('/required', good, testKeys.rs256)
})

afterAll(async () => {
  await guard.close()
  await issuer.close()
})

async function answers(sent: readonly Probe[], handling: ErrorHandling): Promise<readonly [Answers, Answers]> {
  return Promise.all([answersTo(sent, appWith(before, handling)), answersTo(sent, appWith(after, handling))])
}

describe('beside koa-jwt 4, an app', () => {
  it('whose error handler shows everything answers every probe as before, but for the differences that are listed', async () => {
    const sent = [...usual, ...malformed]
    expect(sent.length).toBeGreaterThan(150)
    const { unexplained, untrue } = compare(sent, ...(await answers(sent, 'as JSON')), koaJwtDifferences)
    expect(unexplained).toEqual([])
    expect(untrue).toEqual([])
  })

  it('with the error handler of its README answers as before', async () => {
    const [old, ours] = await answers(usual, 'of the README')
    expect(othersThanListed(usual, old, ours, { ...koaJwtDifferences, added: [] })).toEqual([])
  })

  it('without an error handler answers as before, and with a challenge', async () => {
    const [old, ours] = await answers(usual, 'of Koa')
    const added = ['www-authenticate', 'cache-control']
    expect(othersThanListed(usual, old, ours, { ...koaJwtDifferences, added })).toEqual([])
    const refused = [...ours.values()].filter(({ status }) => status === 401)
    expect(refused.filter(({ fields }) => !String(fields['www-authenticate']).startsWith('Bearer '))).toEqual([])
  })
})

const bearer = async (path: string, token: string): Promise<Probe> => ({
  name: 'bearer',
  request: { path, headers: [['authorization', `Bearer ${token}`]] },
})

it('while the keys cannot be fetched, the answer is 503 on each route; before, it was 401', async () => {
  const down = await createFakeIssuer({ issuer: issuer.issuer, keys: [testKeys.rs256], audience })
  await down.stop()
  const entry = jwks({ issuer: issuer.issuer, url: down.jwksUrl, algorithms: ['RS256'], audience, allowInsecure: true })
  await using guardOfOutage = createGuard({ issuers: { entry } })
  const probe = await bearer('/required', await issuer.token())
  const old = (
    await answersTo(
      [probe],
      appWith(() => oldWith(down.jwksUrl), 'of Koa'),
    )
  ).get('bearer')
  expect(old?.status).toBe(401)
  for (const options of [{}, { passthrough: true }, { passthroughInvalid: true }]) {
    const ours = await answersTo(
      [probe],
      appWith(() => koaJwt(guardOfOutage, options), 'of Koa'),
    )
    expect(ours.get('bearer')).toMatchObject({ status: 503, fields: { 'retry-after': expect.any(String) as string } })
  }
})

it('passthroughInvalid lets a bad token pass, with the error, as passthrough did before', async () => {
  const probe = await bearer('/required', await issuer.token({ lifetimeSeconds: -300 }))
  const old = await answersTo(
    [probe],
    appWith(() => oldWith(issuer.jwksUrl, { passthrough: true }), 'of Koa'),
  )
  const ours = await answersTo(
    [probe],
    appWith(() => koaJwt(guard, { passthroughInvalid: true }), 'of Koa'),
  )
  expect(ours).toEqual(old)
  expect(JSON.parse(ours.get('bearer')?.body ?? '')).toMatchObject({ error: { message: 'TokenExpiredError: jwt expired' } })
})

it('paths are left out by the path that the router takes, and no other request passes without a token', () =>
  expectSameTargets(appOfPaths(before), appOfPaths(after)))

it('the differences are those of the page', () => {
  expectPage(readFileSync(new URL('../../docs/migrate/koa-jwt.md', import.meta.url), 'utf8'), koaJwtDifferences)
})
