import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithServers, startServer } from '../redis/redis-servers.js'
import { describeWith } from '../services.js'
import { integrations, people, writeSeed } from './neris-app.js'
import { type App, failToStart, startApp } from './neris-process.js'
import { type Answer, askToken, send, textIn } from './neris-requests.js'
import { createDatabase } from './own-database.js'
import { answerMail, password } from './sign-in.js'

const credentials = { grant_type: 'client_credentials' }
const { rotating } = integrations

async function signIn(app: App): Promise<string> {
  const session = textIn(await password(app, people.mail), 'session')
  return textIn(await answerMail(app, { session, code: await app.codeFor(people.mail.username) }), 'access_token')
}

const see = async (app: App, bearer: string): Promise<number> => (await send(`${app.url}/v1/entity/FD00000001`, { bearer })).status
const account = (
  app: App,
  bearer: string,
  sent: { readonly method: string; readonly path: string; readonly json?: object },
): Promise<Answer> => {
  const { path, ...rest } = sent
  return send(`${app.url}/v1/account${path}`, { ...rest, bearer })
}

/** Two processes that were told the same, and no secret. */
function together(store: () => Promise<{ readonly env: NodeJS.ProcessEnv; remove(): Promise<void> }>): void {
  const running: { one: App; other: App; env: NodeJS.ProcessEnv } = {} as never
  /** Done in reverse, whatever of it was begun. */
  const endings: (() => Promise<unknown>)[] = []

  async function started(env: NodeJS.ProcessEnv): Promise<App> {
    const app = await startApp(env)
    endings.push(() => app.end())
    return app
  }

  beforeAll(async () => {
    const file = await writeSeed()
    endings.push(() => file.remove())
    const { env, remove } = await store()
    endings.push(remove)
    running.env = { ...env, SEED_FILE: file.path }
    const apps = await Promise.allSettled([started(running.env), started(running.env)])
    const [one, other] = apps.map((app) => (app.status === 'fulfilled' ? app.value : expect.fail(String(app.reason))))
    Object.assign(running, { one, other })
  }, 60_000)
  afterAll(async () => {
    for (const end of endings.reverse()) await end()
  })

  it('say that a secret was made', () => {
    expect(running.one.output()).toMatch(/^no APP_SECRET: /m)
  })

  it('believe the tokens of each other, of integrations and of people', async () => {
    const { one, other } = running
    for (const [issuing, guarding] of [
      [one, other],
      [other, one],
    ] as const) {
      const own = textIn(await askToken(issuing, credentials, { basic: rotating }), 'access_token')
      expect(await see(guarding, own)).toBe(200)
      const person = await signIn(issuing)
      expect(await see(guarding, person)).toBe(200)
      // The second factor was shown to the other one.
      expect((await account(guarding, person, { method: 'GET', path: '/integration/VN00000001/list' })).status).toBe(200)
    }
  })

  it('go on with each other’s refresh tokens, and a reuse at one ends the family at both within 2 s', async () => {
    const { one, other } = running
    const refresh = (app: App, token: string): Promise<Answer> =>
      askToken(app, { grant_type: 'refresh_token', refresh_token: token }, { basic: rotating })
    const first = textIn(await askToken(one, credentials, { basic: rotating }), 'refresh_token')
    const second = textIn(await refresh(other, first), 'refresh_token')
    const third = await refresh(one, second)
    const access = textIn(third, 'access_token')
    expect(await see(other, access)).toBe(200)
    // Two generations ago: no answer that was lost.
    expect((await refresh(other, first)).status).toBe(401)
    expect((await refresh(one, textIn(third, 'refresh_token'))).status).toBe(401)
    for (const app of [one, other]) await expect.poll(() => see(app, access), { timeout: 2_000 }).toBe(401)
  })

  it('go on with a sign-in that began at the other one, and refresh it', async () => {
    const { one, other } = running
    const begun = await password(one, people.mail)
    const code = await one.codeFor(people.mail.username)
    const wrong = await answerMail(other, { session: textIn(begun, 'session'), code: 'none' })
    expect(wrong.status).toBe(202)
    const session = textIn(wrong, 'session')
    const answer = await answerMail(other, { session, code })
    expect(answer.status).toBe(200)
    expect((await answerMail(one, { session, code })).status).toBe(401)
    const refresh_token = textIn(answer, 'refresh_token')
    for (const app of [one, other]) {
      const refreshed = await askToken(app, { grant_type: 'refresh_token', refresh_token })
      expect([refreshed.status, refreshed.body?.refresh_token]).toEqual([200, refresh_token])
    }
  })

  it('send one mail to a person who signs in at both, and its code is good at either', async () => {
    const { one, other } = running
    const printed = (): number =>
      [one, other].flatMap((app) => app.output().split('\n')).filter((line) => line.startsWith(`code for ${people.mail.username}: `)).length
    const before = printed()
    const begun = textIn(await password(one, people.mail), 'session')
    const code = await one.codeFor(people.mail.username)
    const again = await password(other, people.mail)
    const session = textIn(again, 'session')
    expect([again.status, session === begun]).toEqual([202, false])
    expect((await answerMail(other, { session, code })).status).toBe(200)
    expect(printed()).toBe(before + 1)
  })

  it('know of integrations, enrollments and their ends within 2 s', async () => {
    const { one, other } = running
    const person = await signIn(one)
    const made = await account(one, person, { method: 'POST', path: '/integration/VN00000001', json: { title: 'Shared' } })
    const basic = { id: textIn(made, 'client_id'), secret: textIn(made, 'client_secret') }
    const token = textIn(await askToken(other, credentials, { basic }), 'access_token')
    const report = (): Promise<Answer> => send(`${other.url}/v1/incident/FD00000001`, { method: 'POST', bearer: token })
    const enrollment = `/enrollment/FD00000001/${basic.id}`
    expect((await report()).status).toBe(403)
    expect((await account(one, person, { method: 'POST', path: enrollment })).status).toBe(201)
    expect((await report()).status).toBe(201)
    expect((await account(one, person, { method: 'DELETE', path: enrollment })).status).toBe(204)
    expect((await report()).status).toBe(403)
    expect((await account(one, person, { method: 'DELETE', path: `/integration/${basic.id}` })).status).toBe(204)
    await expect.poll(() => see(other, token), { timeout: 2_000 }).toBe(401)
    expect((await askToken(other, credentials, { basic })).status).toBe(401)
  })

  it('a third one that starts later has all of it, and what was deleted of the seed is there again', async () => {
    const { one, env } = running
    const token = textIn(await askToken(one, credentials, { basic: rotating }), 'access_token')
    const person = await signIn(one)
    const { plain } = integrations
    expect((await account(one, person, { method: 'DELETE', path: `/integration/${plain.id}` })).status).toBe(204)
    expect((await askToken(one, credentials, { basic: plain })).status).toBe(401)
    const third = await startApp(env)
    expect(await see(third, token)).toBe(200)
    for (const app of [third, one]) expect((await askToken(app, credentials, { basic: plain })).status).toBe(200)
    const list = await account(third, person, { method: 'GET', path: '/integration/VN00000001/list' })
    expect(list.body?.integrations).toEqual(expect.arrayContaining([expect.objectContaining({ client_id: plain.id, title: 'Records' })]))
    expect(await third.end()).toBe(0)
  })
}

describeWithServers('two processes on one Redis', () =>
  together(async () => {
    const server = await startServer()
    return { env: { REDIS_URL: `redis://127.0.0.1:${server.port}` }, remove: () => server.remove() }
  }),
)

describeWith('postgres', 'two processes on one PostgreSQL', (url) =>
  together(async () => {
    const database = await createDatabase(url)
    return { env: { DATABASE_URL: database.url }, remove: () => database.remove() }
  }),
)

describeWithServers('when Redis goes away', () => {
  it('all that needs it is 503, text for who answers a challenge, and it is well again when Redis is back', async () => {
    const [server, file] = [await startServer(['save 1 1']), await writeSeed()]
    const app = await startApp({ REDIS_URL: `redis://127.0.0.1:${server.port}`, SEED_FILE: file.path })
    const session = textIn(await password(app, people.mail), 'session')
    const code = await app.codeFor(people.mail.username)
    const before = textIn(await askToken(app, credentials, { basic: rotating }), 'access_token')
    await server.stop()
    const guarded = await send(`${app.url}/v1/entity/FD00000001`, { bearer: before })
    expect([guarded.status, guarded.body]).toEqual([503, { detail: expect.any(String) }])
    const token = await askToken(app, credentials, { basic: rotating })
    expect([token.status, token.body?.detail]).toEqual([503, expect.any(String)])
    const answer = await answerMail(app, { session, code })
    expect([answer.status, answer.body]).toEqual([503, undefined])
    await server.start()
    await expect.poll(async () => (await askToken(app, credentials, { basic: rotating })).status, { timeout: 5_000 }).toBe(200)
    expect(await app.end()).toBe(0)
    await server.remove()
    await file.remove()
  })

  it('and is not there at the start, it ends with a message', { timeout: 40_000 }, async () => {
    const { code, output } = await failToStart({ REDIS_URL: 'redis://127.0.0.1:1' })
    expect([code, output]).toEqual([1, expect.stringMatching(/^REDIS_URL cannot be used/m)])
  })
})

describe('two processes with other seeds', () => {
  describeWithServers('on one Redis', () => {
    it('share nothing, unless they have one STORE_PREFIX', async () => {
      const server = await startServer()
      const files = [await writeSeed(), await writeSeed({})] as const
      const REDIS_URL = `redis://127.0.0.1:${server.port}`
      const start = (path: string, more: NodeJS.ProcessEnv = {}): Promise<App> => startApp({ REDIS_URL, SEED_FILE: path, ...more })
      const [one, other] = await Promise.all([start(files[0].path), start(files[1].path)])
      expect((await askToken(one, credentials, { basic: rotating })).status).toBe(200)
      expect((await askToken(other, credentials, { basic: rotating })).status).toBe(401)
      const named = { STORE_PREFIX: 'prod', APP_SECRET: 'x'.repeat(40) }
      const [third, fourth] = await Promise.all([start(files[0].path, named), start(files[1].path, named)])
      expect(third.output()).not.toMatch(/APP_SECRET/)
      const token = textIn(await askToken(fourth, credentials, { basic: rotating }), 'access_token')
      expect(await see(third, token)).toBe(200)
      expect(await see(one, token)).toBe(401)
      await Promise.all([one, other, third, fourth].map((app) => app.end()))
      await Promise.all([server.remove(), ...files.map((file) => file.remove())])
    }, 60_000)
  })
})
