import { randomBytes } from 'node:crypto'
import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, type Grant, type RefreshPolicy, refreshToken, type TokenEndpointOptions } from '@countersign/grants'
import { fixedClock } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { basic, claimsOf, setup } from './endpoint-setup.js'
import { heardEvents, outcomes } from './outcomes.js'

const secrets = { current: { id: 'r1', secret: randomBytes(32) } }
const person: Grant = {
  type: 'urn:x:sign-in',
  validate: async ({ scopes, audiences, now, parameters }) => ({
    ok: true,
    granted: {
      ok: true,
      subject: parameters.get('user') ?? 'person-1',
      isPerson: true,
      scopes,
      audiences,
      authentication: { authTime: now - 5, amr: ['pwd', 'otp'], acr: 'mfa' },
      claims: { department: 'D1' },
    },
  }),
}

async function start(refresh: RefreshPolicy, options: Partial<TokenEndpointOptions> = {}, isPublic = false) {
  const clock = fixedClock()
  const stores = memoryStores({ now: clock.now })
  const calls: string[] = []
  const families = new Proxy(stores.families, {
    get: (target, name: keyof Stores['families']) => {
      return (...args: [never]) => {
        calls.push(name)
        return (target[name] as (...all: [never]) => unknown)(...args)
      }
    },
  })
  const grants = [clientCredentials(), refreshToken({ secrets }), person]
  const suite = setup({ allStores: { ...stores, families }, now: clock.now, clientOptions: { now: clock.now }, grants, ...options })
  const client = await suite.register({
    grants: isPublic ? ['refresh_token', person.type] : ['client_credentials', 'refresh_token', person.type],
    ...(isPublic ? { authMethods: ['none'] as const } : { authMethods: ['client_secret_basic'] as const }),
    audiences: ['https://api.example', 'https://other.example'],
    refresh,
  })
  const headers = isPublic ? {} : basic(client.id, client.secret)
  const id = isPublic ? { client_id: client.id } : {}
  const signIn = async (parameters: Record<string, string> = {}) =>
    (await suite.ask({ grant_type: person.type, ...id, ...parameters }, headers)).body
  const use = (token: string, parameters: Record<string, string> = {}) =>
    suite.ask({ grant_type: 'refresh_token', refresh_token: token, ...id, ...parameters }, headers)
  return { ...suite, clock, stores, calls, client, signIn, use }
}

const rotating = { policy: 'rotating' } as const
const family = (token: string): string => token.split('.')[2] ?? ''

describe('a refresh', () => {
  it('leaves out claims that were kept before they were reserved', async () => {
    const { signIn, use, stores } = await start(rotating)
    const { create } = stores.families
    const kept = (data: string): string => data.replace('"department"', '"scp":["admin"],"department"')
    Object.assign(stores.families, { create: (family: Parameters<typeof create>[0]) => create({ ...family, data: kept(family.data) }) })
    const { status, body } = await use((await signIn()).refresh_token)
    expect([status, claimsOf(body.access_token).department, claimsOf(body.access_token).scp]).toEqual([200, 'D1', undefined])
  })

  it('gives what the sign-in gave: subject, scope, audience, and how the person signed in', async () => {
    const { signIn, use, clock, client } = await start(rotating)
    const first = await signIn({ scope: 'read', audience: 'https://other.example' })
    clock.advance(100)
    const { body } = await use(first.refresh_token)
    const [before, after] = [claimsOf(first.access_token), claimsOf(body.access_token)]
    expect(after).toEqual({ ...before, iat: clock.now() / 1000, exp: clock.now() / 1000 + 900, jti: after.jti })
    expect(after).toMatchObject({
      sub: 'person-1',
      client_id: client.id,
      scope: 'read',
      aud: 'https://other.example',
      amr: ['pwd', 'otp'],
      acr: 'mfa',
      department: 'D1',
    })
    expect(after.auth_time).toBe(clock.now() / 1000 - 105)
    expect(after.jti).not.toBe(before.jti)
  })

  it('may ask for less and never for more, and a request that is refused burns nothing', async () => {
    const { signIn, use, calls } = await start(rotating)
    const { refresh_token: token } = await signIn({ scope: 'read' })
    const before = calls.length
    expect((await use(token, { scope: 'read write' })).body.error).toBe('invalid_scope')
    expect((await use(token, { scope: 'admin' })).body.error).toBe('invalid_scope')
    expect((await use(token, { resource: 'https://other.example' })).body.error).toBe('invalid_target')
    expect((await use(token, { resource: 'https://evil.example' })).body.error).toBe('invalid_target')
    expect(calls.slice(before)).not.toContain('rotate')
    const { status, body } = await use(token)
    expect([status, body.scope]).toEqual([200, 'read'])
  })

  it('that asks for less does not narrow the family', async () => {
    const { signIn, use } = await start(rotating)
    const wide = await signIn()
    const narrow = (await use(wide.refresh_token, { scope: 'read' })).body
    expect(narrow.scope).toBe('read')
    expect((await use(narrow.refresh_token)).body.scope).toBe('read write')
  })

  it('needs the client: its secret, and that it is the same one', async () => {
    const { signIn, use, ask, register } = await start(rotating)
    const { refresh_token: token } = await signIn()
    const other = await register({ grants: ['refresh_token'], refresh: rotating })
    const heard = outcomes()
    const parameters = { grant_type: 'refresh_token', refresh_token: token }
    expect((await ask(parameters)).status).toBe(401)
    expect((await ask(parameters, basic(other.id, other.secret))).body.error).toBe('invalid_grant')
    expect(heard()).toEqual(['no_authentication', 'refresh_mismatch'])
    expect((await use(token)).status).toBe(200)
  })
})

describe('a forged token', () => {
  it('is refused before a store is asked, and can neither use up nor end a family', async () => {
    const { signIn, use, calls } = await start(rotating)
    const { refresh_token: token } = await signIn()
    const [version, keyId, name, generation, mac = ''] = token.split('.')
    const before = calls.length
    const flipped = mac.startsWith('A') ? `B${mac.slice(1)}` : `A${mac.slice(1)}`
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const twin = last[last.indexOf(mac.at(-1) ?? '') ^ 1] ?? ''
    for (const forged of [
      [version, keyId, name, generation, flipped],
      [version, keyId, name, '1', mac],
      [version, keyId, name, '00', mac],
      [version, keyId, name, '-1', mac],
      [version, keyId, name, '99999999999999999999', mac],
      [version, keyId, 'x', generation, mac],
      [version, 'other', name, generation, mac],
      ['r2', keyId, name, generation, mac],
      [version, keyId, name, generation, `${mac.slice(0, -1)}${twin}`],
      [version, keyId, name, generation, `${mac}=`],
      [version, keyId, name, generation, mac, ''],
      [version, keyId, name, generation],
      ['x'.repeat(5000)],
    ]) {
      expect((await use(forged.join('.'))).body.error).toBe('invalid_grant')
    }
    expect(calls.length).toBe(before)
    expect((await use(token)).status).toBe(200)
  })

  it('of a secret that was withdrawn is one; a previous secret still counts', async () => {
    const all: { current: { id: string; secret: Buffer }; previous: { id: string; secret: Buffer }[] } = {
      current: secrets.current,
      previous: [],
    }
    const { signIn, use } = await start(rotating, { grants: [person, refreshToken({ secrets: () => all })] })
    const { refresh_token: token } = await signIn()
    all.current = { id: 'r2', secret: randomBytes(32) }
    all.previous = [secrets.current]
    const child = (await use(token)).body.refresh_token
    expect(child.split('.')[1]).toBe('r2')
    all.previous = []
    expect((await use(token)).body.error).toBe('invalid_grant')
    expect((await use(child)).status).toBe(200)
  })
})

describe('a lost answer', () => {
  it.each([
    ['a day, where the client says nothing', rotating, 86_400],
    ['as long as its policy says', { ...rotating, retryWindowSeconds: 10 }, 10],
  ])('is given again to a client that authenticates itself for %s, and not longer', async (_name, policy, seconds) => {
    const { signIn, use, clock } = await start(policy)
    const { refresh_token: token } = await signIn()
    const child = (await use(token)).body.refresh_token
    clock.advance(seconds - 0.1)
    expect((await use(token)).body.refresh_token).toBe(child)
    clock.advance(0.1)
    const heard = outcomes()
    expect((await use(token)).body.error).toBe('invalid_grant')
    expect((await use(child)).body.error).toBe('invalid_grant')
    expect(heard()).toEqual(['refresh_reused', 'refresh_revoked'])
  })

  it('is not given again once the child was used', async () => {
    const { signIn, use } = await start(rotating)
    const { refresh_token: token } = await signIn()
    const child = (await use(token)).body.refresh_token
    await use(child)
    expect((await use(token)).body.error).toBe('invalid_grant')
  })

  it('is not given again to a public client: whoever comes second ends the family', async () => {
    const { signIn, use } = await start(rotating, {}, true)
    const { refresh_token: token } = await signIn()
    const child = (await use(token)).body.refresh_token
    expect((await use(token)).body.error).toBe('invalid_grant')
    expect((await use(child)).body.error).toBe('invalid_grant')
  })
})

describe('the policy of a client', () => {
  it('none: no refresh token', async () => {
    const { signIn } = await start({ policy: 'none' })
    expect((await signIn()).refresh_token).toBeUndefined()
  })

  it('fixed: the same token again, until its end to the second', async () => {
    const { signIn, use, clock } = await start({ policy: 'fixed', lifetimeSeconds: 5400 })
    const { refresh_token: token } = await signIn()
    for (let minutes = 0; minutes < 80; minutes += 10) {
      clock.advance(600)
      expect((await use(token)).body.refresh_token).toBe(token)
    }
    clock.advance(599.999)
    expect((await use(token)).status).toBe(200)
    clock.advance(0.001)
    expect((await use(token)).body.error).toBe('invalid_grant')
  })

  it('fixed: 64 uses at once are 64 answers with the same token', async () => {
    const { signIn, use } = await start({ policy: 'fixed', lifetimeSeconds: 5400 })
    const { refresh_token: token } = await signIn()
    const answers = await Promise.all(Array.from({ length: 64 }, () => use(token)))
    expect(new Set(answers.map(({ body }) => body.refresh_token))).toEqual(new Set([token]))
  })

  it('rotating: ends when idle, or so long after the sign-in, whichever comes first', async () => {
    const idle = await start({ policy: 'rotating', idleLifetimeSeconds: 100 })
    const both = await start({ policy: 'rotating', idleLifetimeSeconds: 100, absoluteLifetimeSeconds: 250 })
    const absolute = await start({ policy: 'rotating', absoluteLifetimeSeconds: 250 })
    const lives = async ({ signIn, use, clock }: typeof idle, steps: readonly number[]) => {
      let { refresh_token: token } = await signIn()
      const statuses: number[] = []
      for (const seconds of steps) {
        clock.advance(seconds)
        const { status, body } = await use(token)
        statuses.push(status)
        if (status === 200) token = body.refresh_token
      }
      return statuses
    }
    expect(await lives(idle, [99, 99, 99, 100])).toEqual([200, 200, 200, 400])
    expect(await lives(both, [99, 99, 51.9, 0.1])).toEqual([200, 200, 200, 400])
    expect(await lives(absolute, [200, 49.9, 0.1])).toEqual([200, 200, 400])
  })

  it('rotating has no end of its own', async () => {
    const { signIn, use, clock } = await start(rotating)
    let { refresh_token: token } = await signIn()
    for (let year = 0; year < 30; year += 1) {
      clock.advance(365 * 86_400)
      token = (await use(token)).body.refresh_token
    }
    expect(token).toMatch(/^r1\./)
  })

  it('client_credentials comes with a refresh token only where the policy says so', async () => {
    const { ask, register } = await start(rotating)
    const token = async (refresh?: RefreshPolicy) => {
      const { id, secret } = await register(refresh ? { refresh } : {})
      return (await ask({ grant_type: 'client_credentials' }, basic(id, secret))).body.refresh_token
    }
    expect(await token()).toBeUndefined()
    expect(await token(rotating)).toMatch(/^r1\.r1\./)
  })

  it('that leaves a public client with one token for ever has to say so', async () => {
    const { clients } = await start(rotating)
    const people = { authMethods: ['none'] as const, grants: ['refresh_token'] }
    await expect(clients.register({ ...people, refresh: { policy: 'fixed', lifetimeSeconds: 60 } })).rejects.toThrow(TypeError)
    expect((await clients.register({ ...people, refresh: { policy: 'fixed', lifetimeSeconds: 60, unrotatedPublicClient: true } })).ok).toBe(
      true,
    )
  })
})

describe('who was turned off does not refresh', () => {
  it('a client that is locked, and its families stay dead when it is unlocked in the same second', async () => {
    const { signIn, use, clients, client } = await start(rotating)
    const { refresh_token: token } = await signIn()
    await clients.lock(client.id)
    expect((await use(token)).status).toBe(401)
    await clients.unlock(client.id)
    expect((await use(token)).body.error).toBe('invalid_grant')
    expect((await use((await signIn()).refresh_token)).status).toBe(200)
  })

  it('a client that is locked while its token is being rotated', async () => {
    const { signIn, use, clients, client, stores } = await start(rotating)
    const { refresh_token: token } = await signIn()
    const { rotate } = stores.families
    Object.assign(stores.families, {
      rotate: async (request: Parameters<typeof rotate>[0]) => {
        const rotation = await rotate(request)
        await clients.lock(client.id)
        return rotation
      },
    })
    expect((await use(token)).body).not.toHaveProperty('access_token')
  })

  it('a secret that was revoked: its families end, those of another secret do not', async () => {
    const { clients, client, ask } = await start(rotating)
    const second = await clients.addSecret(client.id)
    const [old, fresh] = [basic(client.id, client.secret), basic(client.id, second?.secret ?? '')]
    const signIn = async (headers: typeof old) => (await ask({ grant_type: person.type }, headers)).body.refresh_token
    const [ofOld, ofFresh] = [await signIn(old), await signIn(fresh)]
    await clients.revokeSecret(client.id, client.secretId)
    const use = (token: string) => ask({ grant_type: 'refresh_token', refresh_token: token }, fresh)
    expect((await use(ofOld)).body.error).toBe('invalid_grant')
    expect((await use(ofFresh)).status).toBe(200)
  })

  it('a person whom the host turned off; nothing is used up by asking, and an outage of the host is no refusal', async () => {
    const active = { answer: async (): Promise<boolean> => true }
    const { signIn, use, calls } = await start({ ...rotating, retryWindowSeconds: 0 }, { isActive: () => active.answer() })
    const { refresh_token: token } = await signIn()
    active.answer = async () => false
    expect((await use(token)).body.error).toBe('invalid_grant')
    active.answer = async () => Promise.reject(new Error('the table of users is away'))
    await expect(use(token)).rejects.toThrow('the table of users is away')
    expect(calls).not.toContain('rotate')
    active.answer = async () => true
    expect((await use(token)).status).toBe(200)
  })
})

describe('a store that lost writes', () => {
  const behind = async (onStoreBehind?: 'heal' | 'refuse', isPublic = false) => {
    const grants = [person, refreshToken({ secrets, ...(onStoreBehind && { onStoreBehind }) })]
    const suite = await start(rotating, { grants }, isPublic)
    const { refresh_token: token } = await suite.signIn()
    const child = (await suite.use(token)).body.refresh_token
    const { binding = '', data = '' } = (await suite.stores.families.find(family(token))) ?? {}
    // A backup from before the rotation.
    const restored = memoryStores({ now: suite.clock.now })
    await restored.families.create({ family: family(token), binding, data, ttlMs: 1e9 })
    Object.assign(suite.stores.families, restored.families)
    return { ...suite, token, child }
  }

  it.each([
    ['where the host says so', 'refuse', false],
    ['of a public client', undefined, true],
  ] as const)(
    'is told by a token from the future, which is refused %s and not taken for a reuse',
    async (_name, onStoreBehind, isPublic) => {
      const { use, token, child } = await behind(onStoreBehind, isPublic)
      const heard = heardEvents()
      expect((await use(child)).body.error).toBe('invalid_grant')
      expect(heard).toMatchObject([{ outcome: 'store_rollback', family: family(token) }])
      expect((await use(token)).status).toBe(200)
    },
  )

  it.each([
    ['where the host wants that, for public clients too', 'heal', true],
    ['for a client that authenticates itself', undefined, false],
  ] as const)('is healed %s', async (_name, onStoreBehind, isPublic) => {
    const { use, child } = await behind(onStoreBehind, isPublic)
    const next = (await use(child)).body.refresh_token
    expect(next.split('.')[3]).toBe('2')
    expect((await use(next)).status).toBe(200)
  })
})

it('a store that fails is an outage, never a success and never a reuse', async () => {
  const { signIn, use, stores } = await start({ ...rotating, retryWindowSeconds: 0 })
  const { refresh_token: token } = await signIn()
  const { rotate } = stores.families
  Object.assign(stores.families, { rotate: async () => Promise.reject(new Error('down')) })
  expect((await use(token)).status).toBe(503)
  Object.assign(stores.families, { rotate })
  expect((await use(token)).status).toBe(200)
})

it('events name family and subject, and hold no token', async () => {
  const { signIn, use, client } = await start(rotating)
  const heard = heardEvents()
  const { refresh_token: token, access_token: access } = await signIn()
  await use(token)
  expect(heard).toMatchObject([
    { outcome: 'issued', grant: person.type, clientId: client.id, subject: 'person-1', family: family(token) },
    { outcome: 'issued', grant: 'refresh_token', clientId: client.id, subject: 'person-1', family: family(token) },
  ])
  const text = JSON.stringify(heard)
  for (const secret of [token, access, client.secret]) expect(text).not.toContain(secret)
})

it("a person's subject that is the id of a client is a fault, not a token", async () => {
  const { signIn, client } = await start(rotating)
  await expect(signIn({ user: client.id })).rejects.toThrow(TypeError)
})

it('wrong options are a TypeError at the start', () => {
  for (const current of [
    { id: 'r', secret: 'short' },
    { id: 'a.b', secret: randomBytes(32) },
    { id: '', secret: randomBytes(32) },
  ]) {
    expect(() => refreshToken({ secrets: { current } })).toThrow(TypeError)
  }
  expect(() => refreshToken({ secrets: { ...secrets, previous: [secrets.current] } })).toThrow(TypeError)
})
