import { jsonReply } from '@countersign/core'
import request from 'supertest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { type App, startApp } from './account-app.js'
import { department, otherDepartment, vendor } from './account-setup.js'

const types = ['CAD', 'RMS', 'RO', 'S123']
const path = `/entities/${vendor}/integrations`
const nobody = '00000000-0000-4000-8000-000000000000'

/** Issues as `place name problem`. */
async function issuesOf(answer: Promise<{ readonly status: number; readonly body: object }>): Promise<unknown> {
  const { status, body } = await answer
  const { error, issues } = body as { error: string; issues?: { place: string; name: string; problem: string }[] }
  return [status, error, ...(issues ?? []).map(({ place, name, problem }) => `${place} ${name} ${problem}`)]
}

describe.each(adapters)('a request on $name', ({ start }) => {
  let app: App
  let token: string
  const wrong = (...issues: string[]) => [400, 'invalid_request', ...issues]

  beforeEach(async () => {
    app = await startApp(start, { types, defaultType: 'RMS', maxCredentials: 3 })
    token = await app.person([vendor, department])
  })
  afterEach(() => app.close())

  it('names a type, or gets the usual one', async () => {
    const named = await app.as(token).post(path, { title: 'Dispatch', type: 'CAD' })
    const usual = await app.as(token).post(path, { title: 'Records' })
    expect([named.body, usual.body]).toMatchObject([{ type: 'CAD' }, { type: 'RMS' }])
  })

  it.each<readonly [string, object, readonly string[]]>([
    ['no title', {}, ['body title missing']],
    ['a title that is no text', { title: 7 }, ['body title wrong_type']],
    ['a title that is null', { title: null }, ['body title wrong_type']],
    ['an empty title', { title: '' }, ['body title too_short']],
    ['a title of spaces', { title: '  ' }, ['body title too_short']],
    ['a long title', { title: 'x'.repeat(201) }, ['body title too_long']],
    ['a title of two lines', { title: 'a\nb' }, ['body title malformed']],
    ['a title that is shown backwards', { title: 'a\u202eb' }, ['body title malformed']],
    ['half a surrogate', { title: 'a\ud800' }, ['body title malformed']],
    ['a type that there is not', { title: 'a', type: 'cad' }, ['body type not_listed']],
    ['a type that is no text', { title: 'a', type: ['CAD'] }, ['body type wrong_type']],
    ['more than one thing', { type: 'X' }, ['body title missing', 'body type not_listed']],
    ['members that there are not', { title: 'a', owner: department, scopes: [] }, ['body owner unexpected', 'body scopes unexpected']],
  ])('with %s is refused, and makes nothing', async (_name, body, issues) => {
    expect(await issuesOf(app.as(token).post(path, body))).toEqual(wrong(...issues))
    expect((await app.as(token).get(path)).body).toEqual({ integrations: [] })
    expect(await app.clients.list()).toEqual([])
  })

  it('with a body that is none is refused', async () => {
    const post = (type: string, body: string) => request(app.url).post(path).set('authorization', `Bearer ${token}`).type(type).send(body)
    for (const body of ['', '{', 'null', '[]', '"title"']) expect((await post('json', body)).status).toBe(400)
    expect((await post('text/plain', '{"title":"a"}')).status).toBe(415)
    expect((await post('json', JSON.stringify({ title: 'x'.repeat(70_000) }))).status).toBe(413)
    const polluting = await post('json', '{"title":"a","__proto__":{"type":"CAD"}}')
    expect(await issuesOf(Promise.resolve(polluting))).toEqual(wrong('body __proto__ unexpected'))
    expect((await app.clients.list()).length).toBe(0)
  })

  it('with ids of another form is refused before anything is looked up', async () => {
    const asked = app.as(token)
    const { reads } = app.accounts
    expect(await issuesOf(asked.get('/entities/FD1/integrations'))).toEqual(wrong('path entity_id malformed'))
    expect(await issuesOf(asked.post('/entities/fd00000001/integrations', {}))).toEqual(
      wrong('path entity_id malformed', 'body title missing'),
    )
    expect(await issuesOf(asked.get(`/entities/${'FD00000001%0A'}/integrations`))).toEqual(wrong('path entity_id malformed'))
    expect(await issuesOf(asked.delete('/integrations/7'))).toEqual(wrong('path client_id malformed'))
    expect(await issuesOf(asked.post('/integrations/7/credentials'))).toEqual(wrong('path client_id malformed'))
    expect(await issuesOf(asked.delete(`/integrations/${nobody}/credentials/8`))).toEqual(wrong('path credential_id malformed'))
    expect(await issuesOf(asked.post(`/entities/${department}/enrollments/8`))).toEqual(wrong('path client_id malformed'))
    expect(app.accounts.reads).toBe(reads)
    expect(await issuesOf(asked.delete(`/integrations/${nobody}`))).toEqual([404, 'unknown_integration'])
    expect(await issuesOf(asked.post(`/entities/${otherDepartment}/enrollments/${nobody}`))).toEqual([404, 'unknown_integration'])
  })

  it('may write a UUID in upper case', async () => {
    const { client_id: id, credential_id: credential } = (await app.as(token).post(path, { title: 'a' })).body
    expect((await app.as(token).delete(`/integrations/${id.toUpperCase()}/credentials/${credential.toUpperCase()}`)).status).toBe(204)
  })

  it('for a further credential may have a body or none, and is refused at the limit', async () => {
    const { client_id: id } = (await app.as(token).post(path, { title: 'a' })).body
    const credentials = `/integrations/${id}/credentials`
    const bare = () => request(app.url).post(credentials).set('authorization', `Bearer ${token}`)
    expect(await issuesOf(app.as(token).post(credentials, { name: 'a' }))).toEqual(wrong('body name unexpected'))
    expect((await bare().type('text/plain').send('a')).status).toBe(415)
    expect((await bare().type('json').send('{')).status).toBe(400)
    expect((await bare().set('content-length', '0').type('json')).status).toBe(201)
    expect((await app.as(token).post(credentials, {})).status).toBe(201)
    expect(await issuesOf(app.as(token).post(credentials, { title: 'one more' }))).toEqual([409, 'too_many_credentials'])
    expect((await app.as(token).get(path)).body.integrations[0]?.credentials).toHaveLength(3)
  })

  it('of a client that is no integration finds nothing, and touches it not', async () => {
    await app.clients.register({ id: nobody, grants: ['client_credentials'] })
    expect((await app.as(token).delete(`/integrations/${nobody}`)).status).toBe(404)
    expect((await app.as(token).post(`/integrations/${nobody}/credentials`)).status).toBe(404)
    expect((await app.clients.find(nobody))?.secrets).toHaveLength(1)
  })

  it('after a sign-in that is too old is told to sign in again (RFC 9470)', async () => {
    const old = await app.person([vendor], { auth_time: 1_800_000_000 - 4000 })
    const answer = await app.as(old).get(path)
    expect([answer.status, answer.body.error]).toEqual([401, 'insufficient_user_authentication'])
    expect(answer.headers['www-authenticate']).toBe('Bearer error="insufficient_user_authentication", max_age="3600"')
    const without = await app.as(await app.person([vendor], { amr: ['pwd'] })).get(path)
    expect([without.status, without.body.error]).toEqual([403, 'mfa_required'])
    expect(without.headers['www-authenticate']).toBeUndefined()
  })
})

describe.each(adapters)('another dialect on $name', ({ start }) => {
  it('words everything, and has its paths, a listing for both kinds of id, and its statuses', async () => {
    const detail = (status: number, value: unknown) => jsonReply(status, { detail: value })
    const app = await startApp(
      start,
      { types, defaultType: 'RMS' },
      {
        paths: {
          create: '/account/integration/:entity_id',
          list: '/account/integration/:entity_id/list',
          remove: '/account/integration/:client_id',
          addCredential: '/account/credential/:client_id',
          removeCredential: '/account/credential/:client_id/:credential_id',
          enroll: '/account/enrollment/:entity_id/:client_id',
          enrollments: '/account/enrollment/:entity_or_client_id',
        },
        dialect: {
          created: ({ clientId, secret, integration: { title, type } }) => ({
            id: clientId,
            title,
            type,
            client_id: clientId,
            client_secret: secret,
          }),
          enrollments: ({ totalCount, enrollments }) => ({ total_count: totalCount, ids: enrollments.map(({ clientId }) => clientId) }),
          refusal: ({ reason, status, description, issues }) =>
            reason === 'invalid'
              ? detail(
                  422,
                  issues.map(({ place, name, problem }) => ({ loc: [place, name], type: problem })),
                )
              : detail(status === 401 ? 403 : status, description),
        },
      },
    )
    const asked = app.as(await app.person([vendor, department]))
    const made = await asked.post(`/account/integration/${vendor}`, { title: 'Dispatch' })
    const { client_id: id } = made.body
    expect(made.body).toEqual({ id, title: 'Dispatch', type: 'RMS', client_id: id, client_secret: expect.any(String) as string })
    expect((await asked.get(`/account/integration/${vendor}/list`)).body.integrations).toHaveLength(1)
    expect((await asked.post(`/account/credential/${id}`)).status).toBe(201)
    expect((await asked.post(`/account/enrollment/${department}/${id}`)).status).toBe(201)
    for (const one of [id, id.toUpperCase(), department])
      expect((await asked.get(`/account/enrollment/${one}`)).body).toEqual({ total_count: 1, ids: [id] })
    const unknown = await asked.get('/account/enrollment/FD1')
    expect([unknown.status, unknown.body]).toEqual([422, { detail: [{ loc: ['path', 'entity_or_client_id'], type: 'malformed' }] }])
    const old = await app.as(await app.person([vendor], { auth_time: 1 })).get(`/account/integration/${vendor}/list`)
    expect([old.status, old.headers['www-authenticate']]).toEqual([403, undefined])
    expect((await asked.delete(`/account/integration/${id}`)).status).toBe(204)
    await app.close()
  })
})
