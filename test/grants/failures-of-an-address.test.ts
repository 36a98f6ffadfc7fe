import { memoryStores } from '@countersign/core/memory'
import { hostUsers, passwordGrants } from '@countersign/grants/password'
import { describe, expect, it } from 'vitest'
import { basic, setup } from './endpoint-setup.js'

const body = 'grant_type=client_credentials'
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const attacker = '192.0.2.66'

function start(options: Parameters<typeof setup>[0] = {}) {
  const suite = setup(options)
  const send = async (headers: Record<string, string>, ip: string, text = body) =>
    (await suite.endpoint({ method: 'POST', headers: { ...form, ...headers }, ip, body: text })).status
  return { ...suite, send, guess: (id: string, secret: string, ip: string) => send(basic(id, secret), ip) }
}

/** Sends until it is told to stop. */
async function until429(times: number, send: (at: number) => Promise<number>): Promise<number> {
  for (let at = 0; at < times; at += 1) if ((await send(at)) === 429) return at
  return times
}

describe('secrets tried from one address at ever other client ids', () => {
  it('are 429 long before 30,000, and nobody elsewhere notices', async () => {
    const { register, guess } = start()
    const { id, secret } = await register()
    expect(await until429(30_000, (at) => guess(`client-${at}`, 'wrong', attacker))).toBe(2_001)
    expect(await guess(id, 'wrong', attacker)).toBe(429)
    expect(await guess(id, secret, '192.0.2.7')).toBe(200)
    expect(await guess('client-1', 'wrong', '192.0.2.7')).toBe(401)
  })

  it('share one budget in a /64, and end by themselves', async () => {
    const { guess, clock } = start({ rateLimits: { failuresOfAddress: { limit: 10, windowSeconds: 60 } } })
    expect(await until429(100, (at) => guess(`client-${at}`, 'wrong', `2001:db8:0:1::${at.toString(16)}`))).toBe(11)
    expect(await guess('client-1', 'wrong', '2001:db8:0:2::1')).toBe(401)
    clock.advance(60)
    expect(await guess('client-1', 'wrong', '2001:db8:0:1::1')).toBe(401)
  })

  it('do not lock out a client that authenticated itself from there before, in any process', async () => {
    const rateLimits = { failuresOfAddress: { limit: 10, windowSeconds: 600 } }
    const { register, guess, stores, clients } = start({ rateLimits, allStores: memoryStores() })
    const [owner, stranger] = [await register(), await register()]
    expect(await guess(owner.id, owner.secret, attacker)).toBe(200)
    expect(await until429(100, (at) => guess(`client-${at}`, 'wrong', attacker))).toBe(11)
    expect(await guess(owner.id, owner.secret, attacker)).toBe(200)
    expect(await guess(stranger.id, stranger.secret, attacker)).toBe(429)
    const other = start({ rateLimits, allStores: stores, clients })
    expect(await until429(100, (at) => other.guess(`client-${at}`, 'wrong', attacker))).toBeLessThan(3)
    expect(await other.guess(owner.id, owner.secret, attacker)).toBe(200)
    expect(await other.guess(stranger.id, stranger.secret, attacker)).toBe(429)
  })
})

describe('secrets tried at one client', () => {
  const rateLimits = { failuresOfClient: { limit: 10, windowSeconds: 60 } }

  it('from ever other addresses are 429, but not at the addresses that the client uses', async () => {
    const { register, guess } = start({ rateLimits })
    const { id, secret } = await register()
    expect(await guess(id, secret, '192.0.2.7')).toBe(200)
    expect(await until429(100, (at) => guess(id, 'wrong', `198.51.100.${at}`))).toBe(11)
    expect(await guess(id, 'wrong', '203.0.113.1')).toBe(429)
    expect(await guess(id, secret, '192.0.2.7')).toBe(200)
    expect(await guess(id, 'wrong', '192.0.2.7')).toBe(401)
  })

  it('by itself from its own address do not count for other addresses', async () => {
    const { register, guess } = start({ rateLimits })
    const { id, secret } = await register()
    await guess(id, secret, '192.0.2.7')
    for (let at = 0; at < 50; at += 1) expect(await guess(id, 'wrong', '192.0.2.7')).toBe(401)
    expect(await guess(id, secret, '203.0.113.1')).toBe(200)
  })
})

describe('passwords tried from one address at ever other names', () => {
  async function people() {
    const authenticator = hostUsers({
      findUser: async (name) =>
        name.startsWith('nobody') ? undefined : { subject: `of ${name}`, passwordHash: 'right', needsCode: false },
      verifyPassword: async (hash, password) => hash === password,
      unknownUserHash: 'none',
      sendCode: async () => undefined,
    })
    const suite = start({
      grants: passwordGrants({ authenticator }),
      anonymousClient: 'app',
      now: Date.now,
      clientOptions: { now: Date.now },
    })
    await suite.register({ id: 'app', authMethods: ['none'], grants: ['password'], isFirstParty: true })
    const server = await suite.register({ grants: ['password'], isFirstParty: true })
    const text = (username: string, password: string) => new URLSearchParams({ grant_type: 'password', username, password }).toString()
    return {
      signIn: (name: string, password: string, ip: string) => suite.send({}, ip, text(name, password)),
      byServer: (name: string, password: string, ip: string) => suite.send(basic(server.id, server.secret), ip, text(name, password)),
    }
  }

  it('are 429 long before 15,000; who signed in from there before still can, and nobody elsewhere notices', async () => {
    const { signIn } = await people()
    expect(await signIn('ann', 'right', attacker)).toBe(200)
    expect(await until429(15_000, (at) => signIn(`nobody-${at}`, 'guess', attacker))).toBe(501)
    expect(await signIn('bob', 'right', attacker)).toBe(429)
    expect(await signIn('ann', 'right', attacker)).toBe(200)
    expect(await signIn('bob', 'right', '192.0.2.7')).toBe(200)
  })

  it('through an app server are no failures of its address: it speaks for many people', async () => {
    const { byServer } = await people()
    for (let at = 0; at < 600; at += 1) expect(await byServer(`nobody-${at}`, 'guess', attacker)).toBe(400)
    expect(await byServer('bob', 'right', attacker)).toBe(200)
  })

  it('at one name from everywhere do not lock out its owner, who signed in from home before', async () => {
    const { signIn } = await people()
    expect(await signIn('ann', 'right', '192.0.2.7')).toBe(200)
    expect(await until429(1_000, (at) => signIn('ann', 'guess', `198.51.${at >> 8}.${at & 255}`))).toBe(200)
    expect(await signIn('ann', 'right', '203.0.113.9')).toBe(429)
    expect(await signIn('ann', 'right', '192.0.2.7')).toBe(200)
  })
})

describe('bodies that cannot be read', () => {
  const rateLimits = { unreadable: { limit: 10, windowSeconds: 60 } }
  const long = Array.from({ length: 9_000 }, (_, at) => `n${at}`).join('&')

  it('are refused before they are read, from then on', async () => {
    const { send, endpoint } = start({ rateLimits })
    expect(await until429(100, () => send({}, attacker, long))).toBe(11)
    const unread = { [Symbol.asyncIterator]: (): never => expect.unreachable('the body is read') }
    expect((await endpoint({ method: 'POST', headers: form, ip: attacker, stream: unread })).status).toBe(429)
    expect(await send({}, '192.0.2.7', long)).toBe(400)
  })
})

it('an outage while a failure is counted is 503, never 401', async () => {
  const stores = memoryStores()
  const reserve: typeof stores.attempts.reserve = async (request) => {
    if (request.key.includes('failures-of-')) throw new Error('gone')
    return stores.attempts.reserve(request)
  }
  const { register, guess } = start({ allStores: { ...stores, attempts: { ...stores.attempts, reserve } } })
  const { id } = await register()
  expect(await guess(id, 'wrong', attacker)).toBe(503)
})
