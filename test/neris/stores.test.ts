import { describe, expect, it, onTestFinished } from 'vitest'
import { describeWithServers, startServer } from '../redis/redis-servers.js'
import { describeWith } from '../services.js'
import { integrations, people, startNeris } from './neris-app.js'
import { askToken, encodings, send, textIn } from './neris-requests.js'
import { createDatabase } from './own-database.js'
import { answerMail, password, signIn } from './sign-in.js'

const credentials = { grant_type: 'client_credentials' }

/** What everything comes to, on the stores that `env` gives. */
function flows(env: () => Promise<Readonly<Record<string, string>>>): void {
  it.each(encodings)('sign-in with wrong codes, refresh, an integration from its making to its end: as %s', async (as) => {
    const app = await startNeris(await env())
    let session = textIn(await password(app, people.mail, as), 'session')
    for (let wrong = 0; wrong < 4; wrong += 1) session = textIn(await answerMail(app, { session, code: '12' }, as), 'session')
    expect((await answerMail(app, { session, code: '12' }, as)).status).toBe(401)
    const { access, refresh } = await signIn(app)
    const again = await askToken(app, { grant_type: 'refresh_token', refresh_token: refresh }, { as })
    expect([again.status, again.body?.refresh_token]).toEqual([200, refresh])
    const call = (method: string, path: string, json?: object) =>
      send(`${app.url}/v1/account${path}`, { method, bearer: access, ...(json && { json }) })
    const made = await call('POST', '/integration/VN00000001', { title: 'New', type: 'S123' })
    const basic = { id: textIn(made, 'client_id'), secret: textIn(made, 'client_secret') }
    const first = await askToken(app, credentials, { as, basic })
    const token = textIn(first, 'access_token')
    const report = () => send(`${app.url}/v1/incident/FD00000001`, { method: 'POST', bearer: token })
    expect((await report()).status).toBe(403)
    expect((await call('POST', `/enrollment/FD00000001/${basic.id}`)).status).toBe(201)
    expect((await report()).status).toBe(201)
    const fields = { grant_type: 'refresh_token', refresh_token: textIn(first, 'refresh_token') }
    expect((await askToken(app, fields, { as, basic })).status).toBe(200)
    expect((await call('DELETE', `/integration/${basic.id}`)).status).toBe(204)
    expect((await report()).status).toBe(401)
    expect((await askToken(app, fields, { as, basic })).status).toBe(401)
    expect((await askToken(app, credentials, { as, basic: integrations.plain })).status).toBe(200)
  })

  it('of 30 parallel wrong codes to one challenge one is judged, and of 30 right ones one signs in', async () => {
    const app = await startNeris(await env())
    const session = textIn(await password(app, people.mail), 'session')
    const wrong = await Promise.all(Array.from({ length: 30 }, () => answerMail(app, { session, code: '12' })))
    expect(wrong.filter(({ status }) => status === 202)).toHaveLength(1)
    expect(wrong.filter(({ status }) => status === 401)).toHaveLength(29)
    const fresh = textIn(wrong.find(({ status }) => status === 202) as (typeof wrong)[0], 'session')
    const right = await Promise.all(Array.from({ length: 30 }, () => answerMail(app, { session: fresh, code: app.code() })))
    expect(right.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it('30 refreshes of an integration at once are one child', async () => {
    const app = await startNeris(await env())
    const basic = integrations.rotating
    const refresh_token = textIn(await askToken(app, credentials, { basic }), 'refresh_token')
    const ask = () => askToken(app, { grant_type: 'refresh_token', refresh_token }, { basic })
    const answers = await Promise.all(Array.from({ length: 30 }, ask))
    expect(new Set(answers.map((answer) => textIn(answer, 'refresh_token'))).size).toBe(1)
  })
}

describe('in memory', () => flows(async () => ({})))

async function redisUrl(): Promise<string> {
  const server = await startServer()
  onTestFinished(() => server.remove())
  return `redis://127.0.0.1:${server.port}`
}

async function databaseUrl(server: string): Promise<string> {
  const database = await createDatabase(server)
  onTestFinished(() => database.remove())
  return database.url
}

describeWithServers('on Redis', () => flows(async () => ({ REDIS_URL: await redisUrl() })))

describeWith('postgres', 'on PostgreSQL', (url) => flows(async () => ({ DATABASE_URL: await databaseUrl(url) })))

describeWith('postgres', 'on both', (url) =>
  describeWithServers('what lasts in PostgreSQL, the rest in Redis', () =>
    flows(async () => ({ DATABASE_URL: await databaseUrl(url), REDIS_URL: await redisUrl() })),
  ),
)
