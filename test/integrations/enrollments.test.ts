import { type Events, onEvent } from '@countersign/core'
import { createIntegrations } from '@countersign/integrations'
import { describe, expect, it, onTestFinished } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { startApp } from './account-app.js'
import { type Deployment, department, deploy, otherDepartment, settings, vendor } from './account-setup.js'

const operator = { operator: 'test' }
const names: Readonly<Record<string, string>> = { [department]: 'Alpha Fire', [otherDepartment]: 'Beta fire & rescue', [vendor]: 'Vendor' }
const findEntity = (entity: string) => (names[entity] === undefined ? undefined : { name: names[entity] })
const options = { types: ['CAD', 'RMS'], defaultType: 'RMS', findEntity }

async function created({ integrations }: Deployment, title: string, type?: string): Promise<string> {
  const made = await integrations.create(operator, { entity: vendor, title, type })
  if (!made.ok) throw new Error(made.reason)
  return made.clientId
}

describe('enrollments', () => {
  it('are listed for an integration and for an entity, by id, with their types', async () => {
    const deployment = deploy(options)
    const { integrations } = deployment
    const dispatch = await created(deployment, 'Dispatch', 'CAD')
    const records = await created(deployment, 'Records')
    for (const entity of [otherDepartment, department]) await integrations.enroll(operator, { entity, clientId: dispatch })
    await integrations.enroll(operator, { entity: department, clientId: records })

    const page = { ok: true, pageNumber: 1, pageSize: 10, pageCount: 1, totalCount: 2 }
    const ofDispatch = await integrations.enrollments(operator, { clientId: dispatch })
    expect(ofDispatch).toMatchObject({ ...page, types: ['CAD'] })
    expect(ofDispatch).toMatchObject({
      enrollments: [
        { clientId: dispatch, entity: department, entityName: 'Alpha Fire', integrationTitle: 'Dispatch', integrationType: 'CAD' },
        { clientId: dispatch, entity: otherDepartment, entityName: 'Beta fire & rescue' },
      ],
    })
    const ofAlpha = await integrations.enrollments(operator, { entity: department })
    expect(ofAlpha).toMatchObject({ ...page, types: ['CAD', 'RMS'] })
    const titles = dispatch < records ? ['Dispatch', 'Records'] : ['Records', 'Dispatch']
    expect(ofAlpha).toMatchObject({ enrollments: titles.map((integrationTitle) => ({ integrationTitle })) })
    const found = async (query: object) => {
      const list = await integrations.enrollments(operator, { entity: department, ...query })
      return list.ok ? list.enrollments.map(({ clientId }) => clientId) : list.reason
    }
    expect(await found({ title: ' rec' })).toEqual([records])
    expect(await found({ title: 'x' })).toEqual([])
    expect(await found({ entityName: 'ALPHA' })).toEqual([dispatch, records].sort())
    expect(await found({ entityName: 'beta' })).toEqual([])
  })

  it('that were withdrawn leave nothing behind once the integration is gone and the entity looked', async () => {
    const deployment = deploy(options)
    const { integrations, stores } = deployment
    const [gone, staying] = [await created(deployment, 'Gone'), await created(deployment, 'Staying')]
    for (const clientId of [gone, staying]) {
      await integrations.enroll(operator, { entity: department, clientId })
      await integrations.unenroll(operator, { entity: department, clientId })
    }
    await integrations.remove(operator, gone)
    expect(await integrations.enrollments(operator, { entity: department })).toMatchObject({ ok: true, totalCount: 0 })
    const pointers = await stores.accounts.list({ collection: `enrolled_by:${department}` })
    expect(pointers.map(({ id }) => id)).toEqual([staying])
  })

  it('come in pages, each once', async () => {
    const deployment = deploy({ entityId: /^[A-Z0-9]+$/ })
    const { integrations } = deployment
    const clientId = await created(deployment, 'Dispatch')
    const entities = Array.from({ length: 23 }, (_, at) => `D${String(at).padStart(2, '0')}`)
    for (const entity of [...entities].reverse()) await integrations.enroll(operator, { entity, clientId })
    const seen: string[] = []
    for (const pageNumber of [1, 2, 3, 4]) {
      const page = await integrations.enrollments(operator, { clientId, pageNumber, pageSize: 9 })
      expect(page).toMatchObject({ pageNumber, pageSize: 9, pageCount: 3, totalCount: 23 })
      seen.push(...(page.ok ? page.enrollments.map(({ entity }) => entity) : []))
    }
    expect(seen).toEqual(entities)
    for (const wrong of [{ pageNumber: 0 }, { pageSize: 101 }, { pageSize: 0 }, { pageNumber: 1.5 }, { pageSize: Number.NaN }])
      expect(await integrations.enrollments(operator, { clientId, ...wrong })).toMatchObject({ reason: 'invalid' })
    expect(await integrations.enrollments(operator, {})).toMatchObject({ reason: 'invalid' })
    await expect(integrations.enrollments(operator, { clientId, entity: 'D01' })).rejects.toThrow(TypeError)
  })

  it('are made only for entities that there are, as integrations are', async () => {
    const deployment = deploy(options)
    const clientId = await created(deployment, 'Dispatch')
    const unknown = { ok: false, reason: 'unknown_entity' }
    expect(await deployment.integrations.enroll(operator, { entity: 'FD99999999', clientId })).toEqual(unknown)
    expect(await deployment.integrations.create(operator, { entity: 'FD99999999', title: 'a' })).toEqual(unknown)
  })

  it('of the whole id of an entity, whatever the pattern of the host lets through', async () => {
    const fault = async (entityId: RegExp, entity: string) => {
      const done = await deploy({ entityId }).integrations.create(operator, { entity, title: 'a' })
      return done.ok ? 'done' : done.reason
    }
    expect(await fault(/^FD\d+|VN\d+$/, 'VN1')).toBe('done')
    expect(await fault(/^FD\d+|VN\d+$/, '../VN1')).toBe('invalid')
    expect(await fault(/^[^/]+$/, 'a\nb')).toBe('invalid')
    expect(await fault(/^[^/]+$/, 'a\ud800')).toBe('invalid')
    expect(await fault(/^[^/]+$/, 'x'.repeat(256))).toBe('invalid')
  })
})

describe.each(adapters)('the query on $name', ({ start }) => {
  it('is taken strictly, and an empty parameter is none', async () => {
    const app = await startApp(start, options)
    const clientId = await created(app, 'Dispatch')
    await app.integrations.enroll(operator, { entity: department, clientId })
    const asked = app.as(await app.person([department, vendor]))
    const path = `/entities/${department}/enrollments`
    const counted = { total_count: 1, page_number: 1, page_size: 10, integration_types: ['RMS'] }
    for (const query of ['', '?title=&entity_name=', '?title=DISP&entity_name=alpha%20fire&page_number=1&page_size=10', '?other=1'])
      expect((await asked.get(`${path}${query}`)).body).toMatchObject(counted)
    expect((await asked.get(`/integrations/${clientId}/enrollments`)).body).toMatchObject(counted)
    const wrong = async (query: string) =>
      (await asked.get(`${path}?${query}`)).body.issues.map(({ place, name, problem }) => [place, name, problem])
    expect(await wrong('page_number=0&page_size=101')).toEqual([
      ['query', 'page_number', 'out_of_range'],
      ['query', 'page_size', 'out_of_range'],
    ])
    expect(await wrong('page_number=-1')).toEqual([['query', 'page_number', 'out_of_range']])
    for (const text of ['one', '1.0', '1e1', '0x1', '%201'])
      expect(await wrong(`page_size=${text}`)).toEqual([['query', 'page_size', 'wrong_type']])
    expect(await wrong('title=a&title=b')).toEqual([['query', 'title', 'repeated']])
    const stranger = app.as(await app.person([otherDepartment]))
    expect((await stranger.get(path)).body.error).toBe('foreign_entity')
    expect((await stranger.get(`/integrations/${clientId}/enrollments`)).body.error).toBe('foreign_entity')
    await app.close()
  })
})

describe('events', () => {
  it('tell what was done by whom, and what was refused, in ids', async () => {
    const heard: Events['countersign:integration'][] = []
    onTestFinished(onEvent('countersign:integration', (event) => void heard.push(event)))
    const { integrations } = deploy()
    const made = await integrations.create(operator, { entity: vendor, title: 'Dispatch' })
    if (!made.ok) throw new Error(made.reason)
    const { clientId, credentialId, secret } = made
    const which = { entity: department, clientId }
    await integrations.enroll(operator, which)
    await integrations.unenroll(operator, which)
    const added = await integrations.addCredential(operator, { clientId })
    await integrations.removeCredential(operator, { clientId, credentialId })
    await integrations.remove(operator, clientId)
    await integrations.remove(operator, clientId)
    await integrations.create(operator, { entity: 'nonsense', title: 'Dispatch' })
    const done = { outcome: 'done', by: 'test' }
    expect(heard).toEqual([
      { action: 'create', ...done, entity: vendor, clientId, credential: credentialId },
      { action: 'enroll', ...done, ...which },
      { action: 'unenroll', ...done, ...which },
      { action: 'add_credential', ...done, clientId, credential: added.ok && added.credentialId },
      { action: 'remove_credential', ...done, clientId, credential: credentialId },
      { action: 'remove', ...done, clientId },
      { action: 'remove', outcome: 'unknown_integration', by: 'test', clientId },
      { action: 'create', outcome: 'invalid', by: 'test' },
    ])
    expect(JSON.stringify(heard)).not.toContain(secret)
  })
})

describe('settings', () => {
  it('may follow from the integration', async () => {
    const { clients, accounts } = deploy()
    const integrations = createIntegrations({
      issuer: 'https://api.example',
      accounts,
      clients,
      types: ['CAD', 'RMS'],
      settings: async ({ type }) => ({ ...settings, accessTokenLifetimeSeconds: type === 'CAD' ? 60 : 600 }),
      policies: { mayManage: () => false, mayEnroll: () => false },
    })
    const made = await integrations.create(operator, { entity: vendor, title: 'Dispatch', type: 'CAD' })
    expect(await clients.find(made.ok ? made.clientId : '')).toMatchObject({ accessTokenLifetimeSeconds: 60, scopes: ['incidents'] })
    expect(await integrations.create(operator, { entity: vendor, title: 'Dispatch' })).toMatchObject({
      issues: [{ field: 'type', problem: 'missing' }],
    })
  })

  it('name no type where there are none', async () => {
    const { integrations } = deploy()
    const made = await integrations.create(operator, { entity: vendor, title: 'Dispatch', type: 'CAD' })
    expect(made).toMatchObject({ reason: 'invalid', issues: [{ field: 'type', problem: 'unexpected' }] })
  })
})

it('a lock by the operator is shown', async () => {
  const deployment = deploy()
  const clientId = await created(deployment, 'Dispatch')
  await deployment.clients.lock(clientId)
  expect(await deployment.integrations.list(operator, vendor)).toMatchObject({ integrations: [{ clientId, isLocked: true }] })
})
