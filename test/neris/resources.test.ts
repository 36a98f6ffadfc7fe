import { fixedClock, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { integrations, people, startNeris } from './neris-app.js'
import { askToken, claimsOf, send, textIn } from './neris-requests.js'
import { signIn } from './sign-in.js'

const { rotating, plain, named } = integrations
type App = Awaited<ReturnType<typeof startNeris>>

async function integrationToken(app: App, basic: { readonly id: string; readonly secret: string }): Promise<string> {
  return textIn(await askToken(app, { grant_type: 'client_credentials' }, { basic }), 'access_token')
}

const entity = (app: App, bearer: string | undefined, id = 'FD00000001') =>
  send(`${app.url}/v1/entity/${id}`, bearer === undefined ? {} : { bearer })
const incident = (app: App, bearer: string | undefined, id = 'FD00000001') =>
  send(`${app.url}/v1/incident/${id}`, { method: 'POST', json: { kind: 'fire' }, ...(bearer !== undefined && { bearer }) })

it('health is open', async () => {
  const app = await startNeris()
  const answer = await send(`${app.url}/v1/health`)
  expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }])
})

describe('an entity', () => {
  it('is shown to tokens of both signers', async () => {
    const app = await startNeris()
    const own = await integrationToken(app, plain)
    const { access } = await signIn(app)
    expect(claimsOf(own).iss).not.toBe(claimsOf(access).iss)
    for (const token of [own, access]) {
      const answer = await entity(app, token)
      expect([answer.status, answer.body]).toEqual([200, expect.objectContaining({ neris_id: 'FD00000001' })])
    }
  })

  it('without a token, or with an empty one, is a clean 401 without an error code', async () => {
    const app = await startNeris()
    for (const headers of [{}, { authorization: 'Bearer ' }, { authorization: 'Bearer' }] as Record<string, string>[]) {
      const answer = await send(`${app.url}/v1/entity/FD00000001`, { headers })
      expect([answer.status, answer.body]).toEqual([401, { detail: expect.any(String) }])
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /)
      expect(answer.headers.get('www-authenticate')).not.toMatch(/error=/)
    }
  })

  it('a bad token is 401, and says which of both signers it names makes no difference', async () => {
    const app = await startNeris()
    const own = await integrationToken(app, plain)
    const [header, claims] = own.split('.') as [string, string, string]
    const { access } = await signIn(app)
    const forged = await app.pool.token({ claims: { iss: 'https://neris.example/v1', aud: 'https://neris.example/v1', sub: 'x' } })
    const foreign = await app.pool.accessToken({ claims: { client_id: 'another-app' } })
    const id = await app.pool.idToken()
    for (const token of ['x', `${header}.${claims}.AAAA`, `${access.slice(0, -6)}AAAAAA`, forged, foreign, id]) {
      const answer = await entity(app, token)
      expect([answer.status, answer.body]).toEqual([401, { detail: expect.any(String) }])
    }
  })

  it('a token of 20 seconds ago or ahead is good, for clients leave no room for clocks', async () => {
    const app = await startNeris()
    const { access } = await signIn(app)
    const own = { ...claimsOf(access) }
    const at = (offset: number, life: number) =>
      app.pool.accessToken({ claims: { ...own, iat: Number(own.iat) + offset, exp: Number(own.iat) + offset + life } })
    expect((await entity(app, await at(-3_620, 3_600))).status).toBe(200)
    expect((await entity(app, await at(20, 3_600))).status).toBe(200)
    expect((await entity(app, await at(-3_700, 3_600))).status).toBe(401)
  })

  it('the keys that every testkit has are not those of the pool', async () => {
    const app = await startNeris()
    const claims = claimsOf((await signIn(app)).access)
    const forged = await app.pool.token({ key: testKeys.rs256, header: { typ: undefined }, claims: { ...claims } })
    expect((await entity(app, forged)).status).toBe(401)
  })

  it('with an id of another form is 422, and 401 for who is nobody', async () => {
    const app = await startNeris()
    const token = await integrationToken(app, plain)
    for (const id of ['FD1', 'XX00000001', 'FD000000011', 'fd00000001']) {
      const answer = await entity(app, token, id)
      expect([answer.status, answer.body?.detail]).toEqual([422, [expect.objectContaining({ loc: ['path', 'neris_id'] })]])
      expect((await entity(app, undefined, id)).status).toBe(401)
    }
    for (const id of ['FD00000001', 'VN00000001', 'FM00000001', 'FA00000001']) expect((await entity(app, token, id)).status).toBe(200)
  })
})

describe('an incident', () => {
  it('is reported by an integration that the department has enrolled', async () => {
    const app = await startNeris()
    for (const one of [rotating, named]) {
      const answer = await incident(app, await integrationToken(app, one))
      expect([answer.status, answer.body]).toEqual([201, expect.objectContaining({ neris_id: 'FD00000001', reported_by: one.id })])
    }
  })

  it('before enrollment is 403 that says so', async () => {
    const app = await startNeris()
    const strangers = [
      await incident(app, await integrationToken(app, plain)),
      await incident(app, await integrationToken(app, rotating), 'FD00000002'),
    ]
    for (const answer of strangers) expect([answer.status, answer.body]).toEqual([403, { detail: expect.stringMatching(/not enrolled/) }])
  })

  it('is reported by people of the department, and by no others', async () => {
    const app = await startNeris()
    expect((await incident(app, (await signIn(app)).access)).status).toBe(201)
    const other = await incident(app, (await signIn(app, people.stranger)).access)
    expect([other.status, other.body]).toEqual([403, { detail: expect.any(String) }])
  })

  it('with an id or a body of another form is 422', async () => {
    const app = await startNeris()
    const token = await integrationToken(app, rotating)
    expect((await incident(app, token, 'FD1')).status).toBe(422)
    const list = await send(`${app.url}/v1/incident/FD00000001`, { method: 'POST', json: [], bearer: token })
    expect([list.status, list.body?.detail]).toEqual([422, [expect.objectContaining({ loc: ['body'] })]])
    expect((await send(`${app.url}/v1/incident/FD00000001`, { method: 'POST', bearer: token })).status).toBe(201)
  })
})

it('after 90 minutes a person has to give the password again', async () => {
  const clock = fixedClock(Math.floor(Date.now() / 1000))
  const app = await startNeris({}, clock.now)
  const { refresh } = await signIn(app)
  const refreshed = () => askToken(app, { grant_type: 'refresh_token', refresh_token: refresh })
  clock.advance(5_399)
  expect((await refreshed()).status).toBe(200)
  clock.advance(2)
  const ended = await refreshed()
  expect([ended.status, ended.body?.error]).toEqual([401, 'invalid_grant'])
})
