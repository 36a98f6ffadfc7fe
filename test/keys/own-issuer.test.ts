import { signJwt } from '@countersign/jwt'
import type { KeyRegistry } from '@countersign/keys'
import { publicJwkOf, testKeys } from '@countersign/testkit'
import { createGuard, createSharedRevocations, type ResourceGuard, type SharedRevocations, signingKeys } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Deployment, deploy, deployReady, done, issuer, safeAfter, startsAt, verifiesFor } from './registry-setup.js'

const audience = 'https://api.test'

async function sign({ signer }: Pick<KeyRegistry, 'signer'>, { clock }: Deployment, claims: object = {}): Promise<string> {
  const seconds = Math.floor(clock.now() / 1000)
  const all = { iss: issuer, aud: audience, sub: 'client-a', iat: seconds, exp: seconds + 3600, ...claims }
  return signJwt(all, { signer: await signer.current(), typ: 'at+jwt' })
}

/** A guard of one process: it has the registry's keys, and its own view of the shared denylist. */
function guardOf(registry: KeyRegistry, { clock }: Deployment, revocations?: SharedRevocations): ResourceGuard {
  const own = signingKeys({ issuer, keys: registry.source, audience, algorithms: ['ES256'] })
  const guard = createGuard({ issuers: { own }, now: clock.now, ...(revocations && { revocations }) })
  onTestFinished(() => guard.close())
  return guard
}

function sharedView({ stores, clock }: Deployment): SharedRevocations {
  const view = createSharedRevocations({
    store: stores.revocations,
    maxStalenessSeconds: 60,
    onStale: 'refuse',
    onUnknownPast: 'allow',
    pollSeconds: 1,
    now: clock.now,
  })
  onTestFinished(() => view.close())
  return view
}

async function ask(guard: ResourceGuard, token: string): Promise<string> {
  const admission = await guard.check({ method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } })
  return admission.ok ? '200' : `${admission.reply.status} ${admission.reason}`
}

async function until(isSo: () => Promise<boolean>): Promise<number> {
  const begun = performance.now()
  while (!(await isSo())) {
    if (performance.now() - begun > 3000) throw new Error('it did not become so in time')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return performance.now() - begun
}

describe('tokens that the registry signs, in a guard of the same process', () => {
  it('are accepted, and stay so through a rotation until they expire', async () => {
    const deployment = await deployReady()
    const { registry, clock } = deployment
    const guard = guardOf(registry, deployment)
    await registry.signing.rotate()
    clock.advance(safeAfter - 1)
    const old = await sign(registry, deployment)
    clock.advance(1)
    const young = await sign(registry, deployment)
    expect([await ask(guard, old), await ask(guard, young)]).toEqual(['200', '200'])
    clock.advance(3598)
    expect(await ask(guard, old)).toBe('200')
    clock.advance(10)
    expect(await ask(guard, old)).toBe('401 expired')
  })

  it('of a retired key are refused, also out of the cache', async () => {
    const deployment = await deployReady()
    const { registry, clock } = deployment
    const guard = guardOf(registry, deployment)
    const endless = await sign(registry, deployment, { exp: startsAt + 10 * 86_400 })
    await registry.signing.rotate()
    clock.advance(safeAfter + verifiesFor - 1)
    expect(await ask(guard, endless)).toBe('200')
    clock.advance(1)
    expect(await ask(guard, endless)).toBe('401 unknown_key')
  })

  it('of a revoked key are refused at once, also out of the cache; the next ones are accepted', async () => {
    const deployment = await deployReady()
    const { registry, first } = deployment
    const guard = guardOf(registry, deployment)
    const token = await sign(registry, deployment)
    expect(await ask(guard, token)).toBe('200')
    expect(await ask(guard, token)).toBe('200')
    await registry.signing.revoke(first)
    expect(await ask(guard, token)).toMatch(/^401 (unknown|revoked)_key$/)
    expect(await ask(guard, await sign(registry, deployment))).toBe('200')
  })

  it('an outage of the store is 503 when nothing may be believed any more', async () => {
    const deployment = await deployReady({ staleIfErrorSeconds: 900 })
    const guard = guardOf(deployment.registry, deployment)
    const token = await sign(deployment.registry, deployment)
    expect(await ask(guard, token)).toBe('200')
    deployment.keys.isDown = true
    deployment.clock.advance(899)
    expect(await ask(guard, token)).toBe('200')
    deployment.clock.advance(2)
    expect(await ask(guard, token)).toBe('503 store_unavailable')
  })
})

describe('in the guard of another process', () => {
  it('a key that was revoked is refused within a push, long before its ring is read again', async () => {
    const deployment = await deployReady()
    const { registry, first, start } = deployment
    const other = start({ refreshSeconds: 3600 })
    await other.ready()
    const view = sharedView(deployment)
    await view.ready()
    const guard = guardOf(other, deployment, view)
    const token = await sign(registry, deployment)
    expect([await ask(guard, token), await ask(guard, token)]).toEqual(['200', '200'])
    await registry.signing.revoke(first)
    const took = await until(async () => (await ask(guard, token)) === '401 revoked_key')
    expect(took).toBeLessThan(2000)
  })

  it('tokens obtained with a client key that was revoked are refused, those of another key of the client are not', async () => {
    const deployment = await deployReady()
    const { registry, start } = deployment
    const one = await registry.clientKeys.register({ owner: 'client-a', kid: 'k1', jwk: publicJwkOf(testKeys.es256) })
    const two = await registry.clientKeys.register({ owner: 'client-a', kid: 'k2', jwk: publicJwkOf(testKeys.es256Other) })
    if (!one.ok || !two.ok) throw new Error('refused')
    const view = sharedView(deployment)
    await view.ready()
    const guard = guardOf(start(), deployment, view)
    const obtained = await sign(registry, deployment, { client_key: one.key.thumbprint })
    const others = await sign(registry, deployment, { client_key: two.key.thumbprint })
    expect([await ask(guard, obtained), await ask(guard, others)]).toEqual(['200', '200'])
    await registry.clientKeys.revoke('client-a', 'k1')
    await until(async () => (await ask(guard, obtained)) === '401 revoked_key')
    expect(await ask(guard, others)).toBe('200')
  })

  it('without a denylist it ends when the ring is read again', async () => {
    const deployment = deploy()
    const { start, clock } = deployment
    const registry = start()
    await registry.ready()
    const other = start({ refreshSeconds: 5 })
    const guard = guardOf(other, deployment)
    const token = await sign(registry, deployment)
    expect(await ask(guard, token)).toBe('200')
    const kid = (await registry.signing.list())[0]?.kid ?? ''
    await registry.signing.revoke(kid)
    clock.advance(5)
    expect(await ask(guard, token)).toBe('401 revoked_key')
  })

  it('a key that is forced to sign before anybody can know it is found within a second', async () => {
    const deployment = await deployReady()
    const { registry, start, clock } = deployment
    const other = start()
    await other.ready()
    const guard = guardOf(other, deployment)
    const next = done(await registry.signing.generate())
    await registry.signing.activate(next, { force: true })
    clock.advance(0.01)
    const token = await sign(registry, deployment)
    const begun = performance.now()
    expect(await ask(guard, token)).toBe('200')
    expect(performance.now() - begun).toBeLessThan(1500)
  })
})
