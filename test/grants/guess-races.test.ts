import { randomBytes } from 'node:crypto'
import type { Stores } from '@countersign/core'
import type { RateLimits } from '@countersign/grants'
import { type HostUser, hostUsers, passwordGrants } from '@countersign/grants/password'
import { describe, expect, it } from 'vitest'
import { basic, setup } from './endpoint-setup.js'
import { onEveryStore } from './on-every-store.js'

const hour = { limit: 10, windowSeconds: 3600 }

/** Two processes at one store, with a user whose checks are counted. */
async function start(open: () => Stores, rateLimits: RateLimits = {}, maxAnswers = 5) {
  const checks = { passwords: 0, codes: [] as string[] }
  const user: HostUser & { readonly name: string } = {
    name: randomBytes(6).toString('hex'),
    subject: randomBytes(6).toString('hex'),
    passwordHash: 'right',
    needsCode: true,
  }
  const authenticator = hostUsers({
    findUser: async (name) => (name.toLowerCase().trim() === user.name ? user : undefined),
    verifyPassword: async (hash, password) => {
      checks.passwords += 1
      return hash === password
    },
    unknownUserHash: 'none',
    sendCode: async (_user, code) => void checks.codes.push(code),
  })
  const grants = passwordGrants({
    authenticator,
    maxAnswers,
    limits: { passwords: hour, passwordsFromEverywhere: { limit: 25, windowSeconds: 3600 }, codes: hour },
  })
  const processes = [open(), open()].map((allStores) =>
    setup({ allStores, grants, rateLimits, now: Date.now, clientOptions: { now: Date.now } }),
  )
  const [one, other] = processes
  if (one === undefined || other === undefined) throw new Error('two were made')
  const client = await one.register({ grants: ['password'], isFirstParty: true })
  const ask = async (parameters: Record<string, string>, at = 0, { ip = '192.0.2.1', secret = client.secret } = {}) => {
    const { status, body } = await (at % 2 === 0 ? one : other).endpoint({
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...basic(client.id, secret) },
      ip,
      body: new URLSearchParams(parameters).toString(),
    })
    return { status, ...(JSON.parse(String(body)) as { error?: string; mfa_token: string }) }
  }
  const password = (username: string, guess: string) => ({ grant_type: 'password', username, password: guess })
  return { ask, password, user, checks }
}

const atOnce = <T>(count: number, call: (at: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => call(at)))
const count = (answers: readonly { readonly status: number }[], wanted: number): number =>
  answers.filter(({ status }) => status === wanted).length

/** 24 challenges of one code, each answered wrongly at once. */
async function wrongCodes({ ask, password, user, checks }: Awaited<ReturnType<typeof start>>) {
  const tokens: string[] = []
  while (tokens.length < 24) tokens.push((await ask(password(user.name, 'right'))).mfa_token)
  expect(checks.codes.length).toBe(1)
  const wrong = checks.codes[0] === '000000' ? '000001' : '000000'
  const answers = await atOnce(24, (at) =>
    ask({ grant_type: 'urn:countersign:grant-type:mfa', mfa_token: tokens[at] ?? '', code: wrong }, at),
  )
  return (wanted: string): number => answers.filter(({ error }) => error === wanted).length
}

onEveryStore((open) => {
  describe('64 guesses at once, of two processes', () => {
    it('of a secret: exactly as many as the limit are looked at', async () => {
      const { ask, password } = await start(open, { failures: hour })
      const answers = await atOnce(64, (at) => ask(password('x', 'y'), at, { secret: `wrong-${at}` }))
      expect([count(answers, 401), count(answers, 429)]).toEqual([10, 54])
    })

    it('of a password: exactly as many reach the host, however the name is written', async () => {
      const { ask, password, user, checks } = await start(open)
      const spellings = [user.name, user.name.toUpperCase(), ` ${user.name}`, `${user.name}\u00a0`]
      const answers = await atOnce(64, (at) => ask(password(spellings[at % 4] ?? '', 'wrong'), at))
      expect([count(answers, 400), count(answers, 429), checks.passwords]).toEqual([10, 54, 10])
    })

    it('of a password from everywhere: the wider limit holds, for its owner too', async () => {
      const { ask, password, user, checks } = await start(open)
      const answers = await atOnce(64, (at) => ask(password(user.name, 'wrong'), at, { ip: `198.51.100.${at}` }))
      expect([count(answers, 400), count(answers, 429), checks.passwords]).toEqual([25, 39, 25])
      const owner = await ask(password(user.name, 'right'), 0, { ip: '203.0.113.1' })
      expect(owner.status).toBe(429)
    })

    it('of a code, each with a challenge of its own: exactly as many as the limit are looked at', async () => {
      // The code itself would take all of them.
      const counted = await wrongCodes(await start(open, {}, 24))
      expect([counted('mfa_required'), counted('temporarily_unavailable')]).toEqual([10, 14])
    })

    it('of one code, each with a challenge of its own: exactly as many as the code takes are looked at, and the last ends it', async () => {
      const counted = await wrongCodes(await start(open))
      expect([counted('mfa_required'), counted('invalid_grant') + counted('temporarily_unavailable')]).toEqual([4, 20])
    })
  })
})

it('a lockout by strangers ends by itself: the owner signs in after the hour, and at once where the limit was not reached', async () => {
  const authenticator = hostUsers({
    findUser: async () => ({ subject: 'person-1', passwordHash: 'right', needsCode: false }),
    verifyPassword: async (hash, password) => hash === password,
    unknownUserHash: 'none',
    sendCode: async () => undefined,
  })
  const { register, endpoint, clock } = setup({ grants: passwordGrants({ authenticator }) })
  const { id, secret } = await register({ grants: ['password'], isFirstParty: true })
  const signIn = (username: string, password: string, ip: string) =>
    endpoint({
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...basic(id, secret) },
      ip,
      body: new URLSearchParams({ grant_type: 'password', username, password }).toString(),
    })
  for (let at = 0; at < 300; at += 1) await signIn('owner', 'wrong', `198.51.${at >> 8}.${at & 255}`)
  const refused = await signIn('owner', 'right', '203.0.113.1')
  expect([refused.status, refused.headers['retry-after']]).toEqual([429, '3600'])
  expect((await signIn('neighbour', 'right', '203.0.113.1')).status).toBe(200)
  clock.advance(3600)
  expect((await signIn('owner', 'right', '203.0.113.1')).status).toBe(200)
})
