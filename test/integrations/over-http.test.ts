import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { type App, type Body, startApp } from './account-app.js'
import { department, otherDepartment, vendor } from './account-setup.js'

const uuid = /^[0-9a-f-]{36}$/
const integrationsOf = (entity: string): string => `/entities/${entity}/integrations`
const enrollment = (entity: string, clientId: string): string => `/entities/${entity}/enrollments/${clientId}`
const incidents = (entity: string): string => `/departments/${entity}/incidents`

describe.each(adapters)('on $name', ({ start }) => {
  let app: App
  let vendorPerson: string
  let chief: string

  beforeEach(async () => {
    app = await startApp(start)
    vendorPerson = await app.person([vendor], { sub: 'vera' })
    chief = await app.person([department], { sub: 'carl' })
  })
  afterEach(() => app.close())

  async function create(title = 'Dispatch'): Promise<Body> {
    const made = await app.as(vendorPerson).post(integrationsOf(vendor), { title })
    expect(made.status).toBe(201)
    return made.body
  }

  it('a person of the vendor makes an integration, which gets tokens with what it was given', async () => {
    const made = await app.as(vendorPerson).post(integrationsOf(vendor), { title: 'Dispatch' })
    expect(made.status).toBe(201)
    expect(made.headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' })
    expect(made.body).toEqual({
      entity_id: vendor,
      title: 'Dispatch',
      created_at: 1_800_000_000,
      client_id: expect.stringMatching(uuid) as string,
      credential_id: expect.stringMatching(uuid) as string,
      client_secret: expect.stringMatching(/^cs_/) as string,
    })
    const token = await app.token(made.body.client_id, made.body.client_secret)
    expect(token.status).toBe(200)
    expect(token.body).toMatchObject({ scope: 'incidents', refresh_token: expect.any(String) as string })
    expect(await app.clients.find(made.body.client_id)).toMatchObject({ owner: vendor, title: 'Dispatch' })
  })

  it('acts for a department from its enrollment until that is withdrawn, and for no other', async () => {
    const { client_id: id, client_secret: secret } = await create()
    const token = (await app.token(id, secret)).body.access_token
    const before = await app.as(token).get(incidents(department))
    expect(before.status).toBe(403)
    expect(before.headers['www-authenticate']).toContain('not enrolled')
    expect(before.body.error_description).toContain('not enrolled')
    const enrolled = await app.as(chief).post(enrollment(department, id))
    expect(enrolled.status).toBe(201)
    expect(enrolled.body).toMatchObject({ id: expect.stringMatching(uuid) as string, client_id: id, entity_id: department })
    expect((await app.as(token).get(incidents(department))).status).toBe(200)
    expect((await app.as(token).get(incidents(otherDepartment))).status).toBe(403)
    expect((await app.as(chief).delete(enrollment(department, id))).status).toBe(204)
    expect((await app.as(token).get(incidents(department))).status).toBe(403)
    expect((await app.as(chief).delete(enrollment(department, id))).body.error).toBe('unknown_enrollment')
  })

  it('an enrollment that is there is answered as it is', async () => {
    const { client_id: id } = await create()
    const first = await app.as(chief).post(enrollment(department, id))
    const second = await app.as(chief).post(enrollment(department, id))
    expect([first.status, second.status]).toEqual([201, 200])
    expect(second.body).toEqual(first.body)
  })

  it('has any number of live credentials, listed by their ids with their last use, and each ends alone', async () => {
    const { client_id: id, client_secret: secret, credential_id: first } = await create()
    const added = await app.as(vendorPerson).post(`/integrations/${id}/credentials`, { title: 'next' })
    expect(added.status).toBe(201)
    expect(Object.keys(added.body).sort()).toEqual(['client_id', 'client_secret', 'credential_id'])
    const untitled = await app.as(vendorPerson).post(`/integrations/${id}/credentials`)
    expect(untitled.status).toBe(201)
    const [old, next] = [await app.token(id, secret), await app.token(id, added.body.client_secret)]
    expect([old.status, next.status]).toEqual([200, 200])

    const listed = await app.as(vendorPerson).get(integrationsOf(vendor))
    expect(listed.status).toBe(200)
    const created = { created_at: 1_800_000_000 }
    expect(listed.body.integrations).toEqual([
      {
        client_id: id,
        entity_id: vendor,
        title: 'Dispatch',
        locked: false,
        ...created,
        credentials: [
          { credential_id: first, ...created, last_used_at: 1_800_000_000 },
          { credential_id: added.body.credential_id, title: 'next', ...created, last_used_at: 1_800_000_000 },
          { credential_id: untitled.body.credential_id, ...created },
        ],
      },
    ])
    expect(JSON.stringify(listed.body)).not.toContain('cs_')

    await app.as(chief).post(enrollment(department, id))
    expect((await app.as(vendorPerson).delete(`/integrations/${id}/credentials/${first}`)).status).toBe(204)
    expect((await app.token(id, secret)).status).toBe(401)
    expect((await app.as(old.body.access_token).get(incidents(department))).status).toBe(401)
    expect((await app.as(next.body.access_token).get(incidents(department))).status).toBe(200)
    const refresh = (token: string) => ({ grant_type: 'refresh_token', refresh_token: token })
    expect((await app.token(id, added.body.client_secret, refresh(old.body.refresh_token))).body.error).toBe('invalid_grant')
    expect((await app.token(id, added.body.client_secret, refresh(next.body.refresh_token))).status).toBe(200)
    expect((await app.as(vendorPerson).delete(`/integrations/${id}/credentials/${first}`)).body.error).toBe('unknown_credential')
  })

  it('is gone with its tokens, its refresh tokens and its enrollments when it is deleted', async () => {
    const { client_id: id, client_secret: secret, credential_id: credential } = await create()
    await app.as(chief).post(enrollment(department, id))
    const token = await app.token(id, secret)
    expect((await app.as(token.body.access_token).get(incidents(department))).status).toBe(200)
    expect((await app.as(vendorPerson).delete(`/integrations/${id}`)).status).toBe(204)
    expect((await app.as(token.body.access_token).get(incidents(department))).status).toBe(401)
    expect((await app.token(id, secret)).status).toBe(401)
    expect((await app.token(id, secret, { grant_type: 'refresh_token', refresh_token: token.body.refresh_token })).status).toBe(401)
    expect((await app.as(vendorPerson).get(integrationsOf(vendor))).body).toEqual({ integrations: [] })
    expect((await app.as(chief).get(`/entities/${department}/enrollments`)).body).toMatchObject({ total_count: 0, enrollments: [] })
    const gone = [
      await app.as(vendorPerson).delete(`/integrations/${id}`),
      await app.as(vendorPerson).post(`/integrations/${id}/credentials`),
      await app.as(vendorPerson).delete(`/integrations/${id}/credentials/${credential}`),
      await app.as(chief).post(enrollment(department, id)),
      await app.as(chief).delete(enrollment(department, id)),
      await app.as(vendorPerson).get(`/integrations/${id}/enrollments`),
    ]
    expect(gone.map(({ status, body }) => `${status} ${body.error}`)).toEqual(Array(6).fill('404 unknown_integration'))
  })

  it('stays when its creator leaves', async () => {
    const { client_id: id, client_secret: secret } = await create()
    const successor = await app.person([vendor], { sub: 'walter' })
    const former = await app.person([], { sub: 'vera' })
    expect((await app.as(former).get(integrationsOf(vendor))).body.error).toBe('foreign_entity')
    expect((await app.as(former).post(`/integrations/${id}/credentials`)).status).toBe(403)
    expect((await app.token(id, secret)).status).toBe(200)
    expect((await app.as(successor).post(`/integrations/${id}/credentials`)).status).toBe(201)
  })

  it('an integration manages nothing, with its own token or with that of a person who came by it', async () => {
    const { client_id: id, client_secret: secret } = await create()
    const own = (await app.token(id, secret)).body.access_token
    const answers = [
      await app.as(own).post(integrationsOf(vendor), { title: 'Second' }),
      await app.as(own).get(integrationsOf(vendor)),
      await app.as(own).post(`/integrations/${id}/credentials`),
      await app.as(own).post(enrollment(department, id)),
      await app.as(own).delete(`/integrations/${id}`),
    ]
    expect(answers.map(({ status, body }) => `${status} ${body.error}`)).toEqual(Array(5).fill('403 not_a_person'))
  })

  it('nobody without a token, and the guard words that', async () => {
    const answer = await app.as('').get(integrationsOf(vendor))
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm=/)
  })

  it('an outage of the accounts is 503 at every route, and at the guarded one', async () => {
    const { client_id: id, client_secret: secret, credential_id: credential } = await create()
    const token = (await app.token(id, secret)).body.access_token
    app.accounts.isDown = true
    const person = app.as(vendorPerson)
    const answers = [
      await person.post(integrationsOf(vendor), { title: 'Second' }),
      await person.get(integrationsOf(vendor)),
      await person.delete(`/integrations/${id}`),
      await person.post(`/integrations/${id}/credentials`),
      await person.delete(`/integrations/${id}/credentials/${credential}`),
      await app.as(chief).post(enrollment(department, id)),
      await app.as(chief).delete(enrollment(department, id)),
      await app.as(chief).get(`/entities/${department}/enrollments`),
      await person.get(`/integrations/${id}/enrollments`),
      await app.as(token).get(incidents(department)),
    ]
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(503))
    expect(answers.every(({ headers }) => headers['retry-after'] === '1')).toBe(true)
  })
})
