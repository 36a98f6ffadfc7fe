import { describe, expect, it } from 'vitest'
import { type App, callsOf, made, start, tokenOf } from './account-calls.js'
import { integrations, people, startNeris } from './neris-app.js'
import { type Answer, askToken, send, textIn } from './neris-requests.js'
import { signIn } from './sign-in.js'

const { rotating } = integrations
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const unknown = '00000000-0000-4000-8000-000000000000'
const report = (app: App, bearer: string): Promise<Answer> => send(`${app.url}/v1/incident/FD00000001`, { method: 'POST', bearer })

describe('an integration', () => {
  it('is made with a secret that is shown once and recognised, and rotates its refresh tokens', async () => {
    const { app, call } = await start()
    const answer = await call('POST', '/integration/VN00000001', { title: 'Dispatch of Springfield', type: 'CAD' })
    const secret = expect.stringMatching(/^neris_test_[0-9a-f]{72}$/)
    const shape = { id: expect.stringMatching(uuid), title: 'Dispatch of Springfield', type: 'CAD', client_id: expect.stringMatching(uuid) }
    expect([answer.status, answer.body]).toEqual([201, { ...shape, client_secret: secret }])
    const basic = { id: textIn(answer, 'client_id'), secret: textIn(answer, 'client_secret') }
    const first = await tokenOf(app, basic)
    const fields = { grant_type: 'refresh_token', refresh_token: textIn(first, 'refresh_token') }
    const second = await askToken(app, fields, { basic })
    expect(second.status).toBe(200)
    expect(textIn(second, 'refresh_token')).not.toBe(fields.refresh_token)
    expect((await call('GET', '/integration/VN00000001/list')).text).not.toContain(basic.secret)
  })

  it('is of the type RMS unless another is named', async () => {
    const { call } = await start()
    expect((await call('POST', '/integration/VN00000001', { title: 'New' })).body).toHaveProperty('type', 'RMS')
    for (const type of ['CAD', 'RMS', 'RO', 'S123'])
      expect((await call('POST', '/integration/VN00000001', { title: 'New', type })).status).toBe(201)
  })

  it('is listed with those of the seed and the ids of its credentials', async () => {
    const { call } = await start()
    const { id } = await made(call)
    const answer = await call('GET', '/integration/VN00000001/list')
    expect(answer.status).toBe(200)
    const list = answer.body?.integrations as readonly { readonly client_id: string }[]
    expect(list.map(({ client_id }) => client_id)).toEqual(expect.arrayContaining([rotating.id, integrations.plain.id, id]))
    expect(list.find(({ client_id }) => client_id === id)).toEqual({
      client_id: id,
      title: 'New',
      type: 'RMS',
      credential_ids: [expect.stringMatching(uuid)],
    })
  })

  it('is deleted with its tokens, refresh tokens and enrollments', async () => {
    const { app, call } = await start()
    const basic = await made(call)
    await call('POST', `/enrollment/FD00000001/${basic.id}`)
    const first = await tokenOf(app, basic)
    expect((await report(app, textIn(first, 'access_token'))).status).toBe(201)
    const answer = await call('DELETE', `/integration/${basic.id}`)
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect((await tokenOf(app, basic)).status).toBe(401)
    const refreshed = await askToken(app, { grant_type: 'refresh_token', refresh_token: textIn(first, 'refresh_token') }, { basic })
    expect(refreshed.status).toBe(401)
    // At once: nobody waits for a leak to end.
    expect((await report(app, textIn(first, 'access_token'))).status).toBe(401)
    expect((await call('DELETE', `/integration/${basic.id}`)).status).toBe(404)
    expect((await call('GET', `/enrollment/${basic.id}`)).status).toBe(404)
  })
})

describe('a credential', () => {
  it('is one more live secret, and is revoked alone', async () => {
    const { app, call } = await start()
    const first = await made(call)
    const idsOf = async (): Promise<readonly string[]> => {
      const { body } = await call('GET', '/integration/VN00000001/list')
      const list = body?.integrations as readonly { readonly client_id: string; readonly credential_ids: readonly string[] }[]
      return list.find(({ client_id }) => client_id === first.id)?.credential_ids ?? []
    }
    const [firstId] = await idsOf()
    const answer = await call('POST', `/credential/${first.id}`)
    expect([answer.status, answer.body]).toEqual([201, { client_id: first.id, client_secret: expect.any(String) }])
    const second = { id: first.id, secret: textIn(answer, 'client_secret') }
    expect((await call('POST', `/credential/${first.id}`, { title: 'of the night shift' })).status).toBe(201)
    expect((await call('POST', `/credential/${first.id}`, {})).status).toBe(201)
    expect(await idsOf()).toHaveLength(4)
    const old = textIn(await tokenOf(app, first), 'access_token')
    const kept = textIn(await tokenOf(app, second), 'access_token')
    expect((await call('DELETE', `/credential/${first.id}/${firstId}`)).status).toBe(204)
    expect((await tokenOf(app, first)).status).toBe(401)
    expect((await tokenOf(app, second)).status).toBe(200)
    const see = (bearer: string): Promise<Answer> => send(`${app.url}/v1/entity/VN00000001`, { bearer })
    expect((await see(old)).status).toBe(401)
    expect((await see(kept)).status).toBe(200)
    expect((await call('DELETE', `/credential/${first.id}/${firstId}`)).status).toBe(404)
  })
})

it('credentials are listed with their last use, so that a leaked one is found', async () => {
  const { app, call } = await start()
  const basic = await made(call)
  await call('POST', `/credential/${basic.id}`, { title: 'of the night shift' })
  expect((await tokenOf(app, basic)).status).toBe(200)
  const listed = async (): Promise<unknown> => (await call('GET', `/credential/${basic.id}`)).body
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/)
  const one = { credential_id: expect.stringMatching(uuid), created_at: time }
  const credentials = [
    { ...one, title: null, last_used_at: time },
    { ...one, title: 'of the night shift', last_used_at: null },
  ]
  await expect.poll(listed).toEqual({ credentials })
  expect((await call('GET', '/credential/x')).body).toEqual({ detail: [expect.objectContaining({ type: 'uuid_parsing' })] })
  expect((await call('GET', `/credential/${unknown}`)).status).toBe(404)
})

describe('an enrollment', () => {
  it('lets an integration act for a department, until it is taken back', async () => {
    const { app, call } = await start()
    const basic = await made(call)
    const token = textIn(await tokenOf(app, basic), 'access_token')
    const before = await report(app, token)
    expect([before.status, before.body?.detail]).toEqual([403, expect.stringMatching(/not enrolled/)])
    const answer = await call('POST', `/enrollment/FD00000001/${basic.id}`)
    const who = { created_by: expect.any(String), approved_by: expect.any(String) }
    const shape = { id: expect.stringMatching(uuid), client_id: basic.id, neris_id: 'FD00000001', entity_name: expect.any(String), ...who }
    expect([answer.status, answer.body]).toEqual([201, shape])
    const again = await call('POST', `/enrollment/FD00000001/${basic.id}`)
    expect([again.status, again.body]).toEqual([201, answer.body])
    expect((await report(app, token)).status).toBe(201)
    expect((await call('DELETE', `/enrollment/FD00000001/${basic.id}`)).status).toBe(204)
    expect((await report(app, token)).status).toBe(403)
    expect((await call('DELETE', `/enrollment/FD00000001/${basic.id}`)).status).toBe(404)
  })

  it('is listed by integration and by entity: one path, told apart by the form of the id', async () => {
    const { call } = await start()
    const { id } = await made(call)
    await call('POST', `/enrollment/FD00000001/${id}`)
    const row = {
      id: expect.stringMatching(uuid),
      client_id: id,
      neris_id: 'FD00000001',
      entity_name: 'FD00000001',
      created_by: expect.any(String),
      approved_by: expect.any(String),
      integration_title: 'New',
    }
    const page = { page_size: 10, page_count: 1, page_number: 1, total_count: 1, distinct_integration_types: ['RMS'], enrollments: [row] }
    const ofIntegration = await call('GET', `/enrollment/${id}`)
    expect([ofIntegration.status, ofIntegration.body]).toEqual([200, page])
    // In the order of ids, of which the new one is random.
    const place = [id, rotating.id].sort().indexOf(id) + 1
    const ofEntity = await call('GET', `/enrollment/FD00000001?page_size=1&page_number=${place}`)
    expect(ofEntity.body).toMatchObject({
      page_size: 1,
      page_count: 2,
      page_number: place,
      total_count: 2,
      distinct_integration_types: ['CAD', 'RMS'],
    })
    expect(ofEntity.body?.enrollments).toEqual([row])
    const titled = await call('GET', '/enrollment/FD00000001?title=disp&entity_name=fd')
    expect(titled.body?.enrollments).toEqual([expect.objectContaining({ client_id: rotating.id, integration_title: 'Dispatch' })])
    for (const query of ['page_number=0', 'page_size=0', 'page_size=101', 'page_size=x'])
      expect((await call('GET', `/enrollment/FD00000001?${query}`)).status).toBe(422)
  })
})

describe('accounts are for people with a second factor who act for the entity', () => {
  const calls: readonly (readonly [method: string, path: string, json?: object])[] = [
    ['POST', '/integration/VN00000001', { title: 'x' }],
    ['GET', '/integration/VN00000001/list'],
    ['DELETE', `/integration/${rotating.id}`],
    ['POST', `/credential/${rotating.id}`],
    ['DELETE', `/credential/${rotating.id}/${unknown}`],
    ['POST', `/enrollment/FD00000001/${rotating.id}`],
    ['DELETE', `/enrollment/FD00000001/${rotating.id}`],
    ['GET', `/credential/${rotating.id}`],
    ['GET', `/enrollment/${integrations.plain.id}`],
    ['GET', '/enrollment/FD00000001'],
  ]

  it('nobody is 401, an integration, a person without a second factor and one of another entity are 403', async () => {
    const app = await startNeris()
    const token = textIn(await tokenOf(app, rotating), 'access_token')
    const plain = textIn(await askToken(app, { grant_type: 'password', ...people.plain }), 'access_token')
    const { access } = await signIn(app, people.stranger)
    const callers: readonly (readonly [bearer: string | undefined, status: number, why: RegExp])[] = [
      [undefined, 401, /^Authentication/],
      [token, 403, /integration manages no integrations/],
      [plain, 403, /second factor/],
      [access, 403, /act for this entity/],
    ]
    for (const [bearer, status, why] of callers)
      for (const [method, path, json] of calls) {
        const answer = await callsOf(app, bearer)(method, path, json)
        expect([method, path, answer.status, answer.body]).toEqual([method, path, status, { detail: expect.stringMatching(why) }])
      }
    // Nothing of all this was done.
    expect((await report(app, token)).status).toBe(201)
  })

  it('what is malformed is 422 with its place', async () => {
    const { call } = await start()
    const wrong: readonly (readonly [method: string, path: string, json: unknown, loc: readonly string[], type: string])[] = [
      ['POST', '/integration/VN1', { title: 'x' }, ['path', 'entity_id'], 'string_pattern_mismatch'],
      ['POST', '/integration/XX00000001', { title: 'x' }, ['path', 'entity_id'], 'string_pattern_mismatch'],
      ['POST', '/integration/VN00000001', {}, ['body', 'title'], 'missing'],
      ['POST', '/integration/VN00000001', { title: 'x', type: 'XXX' }, ['body', 'type'], 'enum'],
      ['POST', '/integration/VN00000001', { title: 'x', owner: 'me' }, ['body', 'owner'], 'extra_forbidden'],
      ['POST', '/integration/VN00000001', { title: { $ne: '' } }, ['body', 'title'], 'string_type'],
      ['POST', '/integration/VN00000001', { title: '' }, ['body', 'title'], 'string_too_short'],
      ['POST', '/integration/VN00000001', [], ['body'], 'json_invalid'],
      ['DELETE', '/integration/x', undefined, ['path', 'client_id'], 'uuid_parsing'],
      ['POST', '/credential/x', undefined, ['path', 'client_id'], 'uuid_parsing'],
      ['POST', `/credential/${rotating.id}`, { secret: 'mine' }, ['body', 'secret'], 'extra_forbidden'],
      ['DELETE', `/credential/${rotating.id}/x`, undefined, ['path', 'credential_id'], 'uuid_parsing'],
      ['POST', '/enrollment/FD00000001/x', undefined, ['path', 'client_id'], 'uuid_parsing'],
      ['GET', '/enrollment/x', undefined, ['path', 'entity_or_client_id'], 'string_pattern_mismatch'],
      ['GET', '/enrollment/FD00000001?page_size=101', undefined, ['query', 'page_size'], 'value_error'],
      ['GET', '/enrollment/FD00000001?page_number=0', undefined, ['query', 'page_number'], 'greater_than_equal'],
    ]
    for (const [method, path, json, loc, type] of wrong) {
      const answer = await call(method, path, json)
      expect([method, path, answer.status, answer.body]).toEqual([method, path, 422, { detail: [expect.objectContaining({ loc, type })] }])
    }
  })

  it('what is not there is 404', async () => {
    const { call } = await start()
    expect((await call('DELETE', `/integration/${unknown}`)).status).toBe(404)
    expect((await call('POST', `/credential/${unknown}`)).status).toBe(404)
    expect((await call('POST', `/enrollment/FD00000001/${unknown}`)).status).toBe(404)
  })
})
