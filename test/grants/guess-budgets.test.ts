import { randomUUID } from 'node:crypto'
import { Unavailable } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { hostUsers, passwordGrants } from '@countersign/grants/password'
import { describe, expect, it } from 'vitest'
import { basic, setup } from './endpoint-setup.js'
import { onEveryStore } from './on-every-store.js'

const mfa = 'urn:countersign:grant-type:mfa'
const hour = (limit: number) => ({ limit, windowSeconds: 3600 })

/** An API of a host that tells names apart by their case, too. */
async function start(stores = memoryStores(), issuer = 'https://auth.example', needsCode = false) {
  const sent: string[] = []
  const outage = { isOn: false, fault: (): Error => new Unavailable('authenticator_unavailable') }
  const checked: string[] = []
  const authenticator = hostUsers({
    findUser: async (name) =>
      ['bob', 'BOB'].includes(name) ? { subject: `of ${name}`, passwordHash: `right ${name}`, needsCode } : undefined,
    verifyPassword: async (hash, password) => {
      if (outage.isOn) throw outage.fault()
      checked.push(password)
      return hash === password
    },
    unknownUserHash: 'none',
    sendCode: async (_user, code) => void sent.push(code),
  })
  const limits = { passwords: hour(5), passwordsFromEverywhere: hour(10), codes: hour(5) }
  const suite = setup({
    allStores: stores,
    issuer,
    grants: passwordGrants({ authenticator, limits }),
    now: Date.now,
    clientOptions: { now: Date.now },
  })
  const client = await suite.register({ grants: ['password'], isFirstParty: true })
  const send = async (parameters: Readonly<Record<string, string>>, ip = '192.0.2.1') => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', ...basic(client.id, client.secret) }
    const { status, body } = await suite.endpoint({ method: 'POST', headers, ip, body: new URLSearchParams(parameters).toString() })
    return { status, token: (JSON.parse(String(body)) as { readonly mfa_token?: string }).mfa_token ?? '' }
  }
  const signIn = (username: string, password: string, ip?: string) => send({ grant_type: 'password', username, password }, ip)
  const answer = (token: string, code: string) => send({ grant_type: mfa, mfa_token: token, code })
  return { signIn, answer, sent, checked, outage }
}

const wrong = (code = ''): string => (code === '000000' ? '000001' : '000000')

describe('who signs in gives back the guesses at their own name', () => {
  it('and at none that looks alike: 40 rounds of guesses at bob and a sign-in of BOB look at as many as the limit', async () => {
    const { signIn, checked } = await start()
    for (let round = 0; round < 40; round += 1) {
      await signIn('bob', `guess ${round}`)
      await signIn('BOB', 'right BOB')
    }
    expect(checked.filter((password) => password.startsWith('guess')).length).toBeLessThanOrEqual(5)
  })

  it('and at none that looks alike, from everywhere', async () => {
    const { signIn, checked } = await start()
    for (let round = 0; round < 40; round += 1) {
      await signIn('bob', `guess ${round}`, `198.51.100.${round}`)
      await signIn('BOB', 'right BOB', `203.0.113.${round}`)
    }
    expect(checked.filter((password) => password.startsWith('guess')).length).toBeLessThanOrEqual(10)
  })

  it('also after others tried in another spelling, once the window is over', async () => {
    const { signIn } = await start()
    await signIn('BOB', 'wrong')
    expect((await signIn('bob', 'right bob')).status).toBe(200)
  })

  it('and is not counted where nothing is given back: one guess at another spelling locks nobody out who signs in often', async () => {
    const { signIn, checked } = await start()
    await signIn('BOB', 'guess')
    for (let round = 0; round < 30; round += 1) expect((await signIn('bob', 'right bob')).status).toBe(200)
    for (let round = 0; round < 10; round += 1) await signIn('bob', `guess ${round}`)
    expect(checked.filter((password) => password.startsWith('guess')).length).toBe(5)
  })

  it('and at nobody of another issuer, where issuers share stores', async () => {
    const stores = memoryStores()
    const [one, other] = [await start(stores, 'https://one.example'), await start(stores, 'https://other.example')]
    for (let round = 0; round < 40; round += 1) {
      await one.signIn('bob', `guess ${round}`)
      await other.signIn('bob', 'right bob')
    }
    expect(one.checked.length).toBe(5)
  })

  it('and strangers at one issuer keep nobody from another', async () => {
    const stores = memoryStores()
    const [one, other] = [await start(stores, 'https://one.example'), await start(stores, 'https://other.example')]
    for (let round = 0; round < 10; round += 1) await one.signIn('bob', `guess ${round}`)
    expect((await one.signIn('bob', 'right bob')).status).toBe(429)
    expect((await other.signIn('bob', 'right bob')).status).toBe(200)
  })

  it('codes as well', async () => {
    const stores = memoryStores()
    const [one, other] = [await start(stores, 'https://one.example', true), await start(stores, 'https://other.example', true)]
    const statuses: number[] = []
    for (let round = 0; round < 20; round += 1) {
      const { token } = await one.signIn('bob', 'right bob')
      statuses.push((await one.answer(token, wrong(one.sent.at(-1)))).status)
      const { token: own } = await other.signIn('bob', 'right bob')
      await other.answer(own, other.sent.at(-1) ?? '')
    }
    expect(statuses.filter((status) => status === 400).length).toBe(5)
  })
})

describe('guesses that nobody looked at, in an outage', () => {
  it('are not counted: afterwards there are as many as before', async () => {
    const { signIn, outage, checked } = await start()
    await signIn('bob', 'guess')
    outage.isOn = true
    for (let at = 0; at < 30; at += 1) expect((await signIn('bob', 'right bob')).status).toBe(503)
    outage.isOn = false
    for (let at = 0; at < 10; at += 1) await signIn('bob', 'guess')
    expect(checked).toEqual(Array(5).fill('guess'))
  })

  it('let people in right away who tried again and again', async () => {
    const { signIn, outage } = await start()
    outage.isOn = true
    for (let at = 0; at < 30; at += 1) expect((await signIn('bob', 'right bob')).status).toBe(503)
    outage.isOn = false
    expect((await signIn('bob', 'right bob')).status).toBe(200)
    // From here on everything is as if there had been no outage.
    const statuses: number[] = []
    for (let at = 0; at < 10; at += 1) statuses.push((await signIn('bob', 'wrong')).status)
    expect(statuses.filter((status) => status === 400).length).toBe(5)
  })

  it('are no credit for other names, addresses or a later window', async () => {
    const stores = memoryStores()
    const { signIn, outage, checked } = await start(stores)
    outage.isOn = true
    for (let at = 0; at < 30; at += 1) await signIn('bob', 'guess')
    outage.isOn = false
    for (let at = 0; at < 10; at += 1) await signIn('ann', 'guess')
    for (let at = 0; at < 10; at += 1) await signIn('bob', 'guess', '198.51.100.1')
    expect(checked.length).toBe(10)
  })

  it('are none in a later window either, whichever process begins it', async () => {
    for (const first of [0, 1]) {
      const stores = memoryStores()
      const processes = [await start(stores), await start(stores)] as const
      const [one, other] = processes
      one.outage.isOn = true
      for (let at = 0; at < 30; at += 1) await one.signIn('bob', 'guess')
      one.outage.isOn = false
      // The window is over: the store counts from one.
      Object.assign(stores.attempts, memoryStores().attempts)
      for (let at = 0; at < first * 9; at += 1) await other.signIn('bob', 'guess')
      for (let at = 0; at < 40; at += 1) await one.signIn('bob', 'guess')
      expect(one.checked.length + other.checked.length).toBe(5)
    }
  })
})

onEveryStore((open) => {
  it('what is given back, and what is not, is the same at every store', async () => {
    const { signIn, outage, checked } = await start(open(), `https://${randomUUID()}.example`)
    outage.isOn = true
    for (let at = 0; at < 12; at += 1) expect((await signIn('bob', 'right bob')).status).toBe(503)
    outage.isOn = false
    for (let at = 0; at < 12; at += 1) expect((await signIn('bob', 'right bob')).status).toBe(200)
    checked.length = 0
    for (let round = 0; round < 12; round += 1) {
      await signIn('bob', 'guess')
      await signIn('BOB', 'right BOB')
    }
    expect(checked.filter((password) => password.startsWith('guess')).length).toBe(5)
  })
})
