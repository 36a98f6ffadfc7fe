import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { routes } from '@countersign/express'
import { signJwt } from '@countersign/jwt'
import { createKeyRegistry, type KeyRegistry, type KeyRegistryOptions } from '@countersign/keys'
import { createGuard, jwks, type ResourceGuard } from '@countersign/verifier'
import express from 'express'
import { expect, it, onTestFinished } from 'vitest'
import { listening } from '../contracts/listening.js'
import { startHttpCache } from './http-cache.js'

const issuer = 'https://issuer.test'
const audience = 'https://api.test'
const tokenLifeSeconds = 2
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Two processes of an issuer on one store, and a guard that knows nothing but a URL behind a cache that keeps what it may. */
async function startIssuer(): Promise<{ operator: KeyRegistry; signing: KeyRegistry; guard: ResourceGuard; fetches: () => number }> {
  const options: KeyRegistryOptions = {
    issuer,
    store: memoryStores().keys,
    encryption: { current: { id: 'kek', secret: randomBytes(32) } },
    maxTokenLifetimeSeconds: tokenLifeSeconds,
    jwksMaxAgeSeconds: 1,
    verifierCacheSeconds: 1,
    toleranceSeconds: 0.1,
    staleIfErrorSeconds: 1,
    refreshSeconds: 0.5,
  }
  const [operator, signing] = [createKeyRegistry(options), createKeyRegistry(options)]
  await operator.ready()
  const server = await listening(express().use(routes(signing.jwks())).listen(0, '127.0.0.1'))
  const cache = await startHttpCache(server.url)
  const partner = jwks({
    issuer,
    audience,
    url: `${cache.url}/.well-known/jwks.json`,
    algorithms: ['ES256'],
    minCacheSeconds: 1,
    clockToleranceSeconds: 0,
  })
  const guard = createGuard({ issuers: { partner } })
  onTestFinished(async () => {
    await guard.close()
    await cache.close()
    await server.close()
  })
  return { operator, signing, guard, fetches: cache.fetches }
}

/** Signs and verifies until told to stop: every token at once, and again shortly before it expires. */
function startLoad(
  { signer }: KeyRegistry,
  guard: ResourceGuard,
): { stop(): Promise<{ verified: number; refused: readonly string[]; kids: ReadonlySet<string> }> } {
  const state = { isRunning: true, verified: 0, refused: [] as string[], kids: new Set<string>() }

  async function check(token: string, when: string): Promise<void> {
    const admission = await guard.check({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } })
    if (!admission.ok) state.refused.push(`${when}: ${admission.reason}`)
    else {
      state.verified += 1
      state.kids.add(admission.auth?.kid ?? '')
    }
  }

  async function one(): Promise<void> {
    const now = Date.now() / 1000
    const claims = { iss: issuer, aud: audience, sub: 'client', iat: now, exp: now + tokenLifeSeconds }
    const token = await signJwt(claims, { signer: await signer.current(), typ: 'at+jwt' })
    await check(token, 'young')
    const left = (now + tokenLifeSeconds) * 1000 - Date.now()
    if (left < 300) return
    await sleep(left - 300)
    await check(token, 'old')
  }

  async function run(): Promise<void> {
    const running: Promise<void>[] = []
    while (state.isRunning) {
      running.push(one())
      await sleep(10)
    }
    await Promise.all(running)
  }

  const ended = run()
  return {
    async stop() {
      state.isRunning = false
      await ended
      return state
    },
  }
}

it('ten rotations, each with its own safe time, refuse nothing', { timeout: 90_000 }, async () => {
  const { operator, signing, guard, fetches } = await startIssuer()
  const load = startLoad(signing, guard)
  for (let rotation = 0; rotation < 10; rotation += 1) {
    const result = await operator.signing.rotate()
    const activeAt = result.ok ? (result.activeAt ?? 0) : 0
    // The next rotation begins when this one is over.
    await sleep(activeAt * 1000 - Date.now() + 100)
  }
  const { verified, refused, kids } = await load.stop()
  expect(refused).toEqual([])
  expect(kids.size).toBe(11)
  expect(verified).toBeGreaterThan(1000)
  expect(fetches()).toBeGreaterThan(10)
})

it('the same without the wait refuses tokens', { timeout: 60_000 }, async () => {
  const { operator, signing, guard } = await startIssuer()
  const load = startLoad(signing, guard)
  await sleep(1000)
  for (let rotation = 0; rotation < 10; rotation += 1) {
    const made = await operator.signing.generate()
    if (made.ok) await operator.signing.activate(made.kid, { force: true })
    await sleep(600)
  }
  const { verified, refused } = await load.stop()
  expect(refused.filter((reason) => reason.endsWith('unknown_key')).length).toBeGreaterThan(0)
  expect(verified).toBeGreaterThan(0)
})
