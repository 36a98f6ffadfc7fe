import { readFileSync } from 'node:fs'
import { CountersignStrategy } from '@countersign/express/passport'
import { createFakeIssuer, type FakeIssuer, testKeys } from '@countersign/testkit'
import { createGuard, jwks, type ResourceGuard } from '@countersign/verifier'
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import jwksRsa from 'jwks-rsa'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { compare, expectPage } from './differences.js'
import { passportJwtDifferences } from './passport-jwt-differences.js'
import { Authenticator, type Extractor, extractors, JwtStrategy, type Passport, type Strategy } from './passport-modules.js'
import { answersTo, type Probe } from './probe.js'
import { audience, credentials, malformedProbes, probesOf, tokenIn } from './tokens.js'

type Claims = Record<string, unknown>
type Done = (error: unknown, user?: object | false, info?: object) => void
type Mount = (verify: (claims: Claims, done: Done) => void, jwtFromRequest: Extractor) => Strategy

let issuer: FakeIssuer
let guard: ResourceGuard
let probes: readonly Probe[]

const before: Mount = (verify, jwtFromRequest) => oldWith(issuer.jwksUrl)(verify, jwtFromRequest)
const oldWith =
  (jwksUri: string): Mount =>
  (verify, jwtFromRequest) =>
    new JwtStrategy(
      {
        secretOrKeyProvider: jwksRsa.passportJwtSecret({ jwksUri, cache: true }),
        jwtFromRequest,
        algorithms: ['RS256'],
        issuer: issuer.issuer,
        audience,
      },
      verify,
    )
const after: Mount = (verify, jwtFromRequest) => new CountersignStrategy(guard, verify, { jwtFromRequest })

const show: RequestHandler = (req, res) => {
  res.json({ user: (req as { user?: unknown }).user })
}

const onError: ErrorRequestHandler = (error: Error & { status?: number }, _req, res, next) => {
  if (res.headersSent) next(error)
  else res.status(error.status ?? 500).json({ error: { name: error.name, message: error.message } })
}

/** One app, whose callbacks and handlers do not know which package is mounted. */
function appWith(mount: Mount): Express {
  const app = express()
  const withStrategy = (jwtFromRequest: Extractor, verify: (claims: Claims, done: Done) => void): Passport =>
    new Authenticator().use(mount(verify, jwtFromRequest))
  const admit = (claims: Claims, done: Done): void => {
    claims.seen = true
    done(null, claims)
  }
  const fromHeader = withStrategy(extractors.fromAuthHeaderAsBearerToken(), admit)
  const fromQuery = withStrategy(extractors.fromUrlQueryParameter('token'), admit)
  const both = withStrategy(
    extractors.fromExtractors([extractors.fromAuthHeaderAsBearerToken(), extractors.fromUrlQueryParameter('token')]),
    admit,
  )
  const options = { session: false }
  app.get('/required', fromHeader.authenticate('jwt', options), show)
  app.get('/query', fromQuery.authenticate('jwt', options), show)
  app.get('/both', both.authenticate('jwt', options), show)
  app.get('/with-error', fromHeader.authenticate('jwt', { ...options, failWithError: true }), show)
  app.get('/info', (req, res, next) => {
    const shown = (error: unknown, user: unknown, info: (Error & { expiredAt?: Date; date?: Date }) | undefined, status: unknown): void => {
      const { name, message, expiredAt, date } = info ?? {}
      if (error) next(error)
      else res.status(user ? 200 : 401).json({ user, error: { message: info && `${name}: ${message}`, expiredAt, date }, status })
    }
    const handler = fromHeader.authenticate('jwt', options, shown as never)
    void handler(req, res, next)
  })
  const nobody = withStrategy(extractors.fromAuthHeaderAsBearerToken(), (_claims, done) => done(null, false, { message: 'nobody' }))
  const broken = withStrategy(extractors.fromAuthHeaderAsBearerToken(), (_claims, done) => done(new Error('the directory is away')))
  const throwing = withStrategy(extractors.fromAuthHeaderAsBearerToken(), () => {
    throw new Error('thrown by the callback')
  })
  app.get('/nobody', nobody.authenticate('jwt', options), show)
  app.get('/broken', broken.authenticate('jwt', options), show)
  app.get('/throwing', throwing.authenticate('jwt', options), show)
  app.use(onError)
  return app
}

// Hundreds of requests take long on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

beforeAll(async () => {
  issuer = await createFakeIssuer({ keys: [testKeys.rs256], audience })
  const entry = jwks({ issuer: issuer.issuer, url: issuer.jwksUrl, algorithms: ['RS256'], audience, allowInsecure: true })
  guard = createGuard({ issuers: { entry } })
  const all = await credentials(issuer)
  const inQueries = ['a good token', 'a token that expired', 'a token for another audience'].flatMap((name) =>
    ['/query', '/both'].map((path) => ({
      name: `${path}: ${name}, in the query`,
      request: { path: `${path}?token=${tokenIn(all, name)}`, headers: [] },
    })),
  )
  probes = [
    ...probesOf(['/required', '/query', '/both', '/with-error', '/info', '/nobody', '/broken', '/throwing'], all),
    ...inQueries,
    ...malformedProbes('/info', tokenIn(all, 'a good token'), testKeys.rs256),
  ]
})

afterAll(async () => {
  await guard.close()
  await issuer.close()
})

describe('beside passport-jwt 4', () => {
  it('an app answers every probe as before, but for the differences that are listed', async () => {
    expect(probes.length).toBeGreaterThan(150)
    const [old, ours] = await Promise.all([answersTo(probes, appWith(before)), answersTo(probes, appWith(after))])
    const { unexplained, untrue } = compare(probes, old, ours, passportJwtDifferences)
    expect(unexplained).toEqual([])
    expect(untrue).toEqual([])
  })

  it('while the keys cannot be fetched, the answer is 503; before, it was 401', async () => {
    const down = await createFakeIssuer({ issuer: issuer.issuer, keys: [testKeys.rs256], audience })
    await down.stop()
    const entry = jwks({ issuer: issuer.issuer, url: down.jwksUrl, algorithms: ['RS256'], audience, allowInsecure: true })
    await using guardOfOutage = createGuard({ issuers: { entry } })
    const probe: Probe = { name: 'bearer', request: { path: '/required', headers: [['authorization', `Bearer ${await issuer.token()}`]] } }
    const old = await answersTo([probe], appWith(oldWith(down.jwksUrl)))
    const ours = await answersTo(
      [probe],
      appWith((verify) => new CountersignStrategy(guardOfOutage, verify)),
    )
    expect(old.get('bearer')?.status).toBe(401)
    expect(ours.get('bearer')?.status).toBe(503)
    expect(JSON.parse(ours.get('bearer')?.body ?? '')).toMatchObject({ error: { name: 'ServiceUnavailableError' } })
  })
})

it('the differences are those of the page', () => {
  expectPage(readFileSync(new URL('../../docs/migrate/passport-jwt.md', import.meta.url), 'utf8'), passportJwtDifferences)
})
