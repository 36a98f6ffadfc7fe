import { type Auth, Unavailable } from '@countersign/core'
import { createIntegrations, integrationRoutes, plainIntegrationDialect } from '@countersign/integrations'
import { describe, expect, it } from 'vitest'
import { type Deployment, department, deploy, type Options, vendor } from './account-setup.js'

/** What the guard makes of a token. */
async function authOf({ guard }: Deployment, token: string) {
  const request = { headers: { authorization: `Bearer ${token}` } }
  const admission = await guard.check(request)
  if (!admission.ok || admission.anonymous) throw new Error('not admitted')
  return admission.auth
}

/** The outcome of making an integration with a person's token. */
async function creating(deployment: Deployment, claims: Readonly<Record<string, unknown>> = {}, entity: string = vendor): Promise<string> {
  const auth = await authOf(deployment, await deployment.person([vendor], claims))
  const done = await deployment.integrations.create(auth, { entity, title: 'Dispatch' })
  return done.ok ? 'done' : done.reason
}

/** Nothing was kept, whatever was asked. */
async function isEmpty({ integrations, clients }: Deployment): Promise<boolean> {
  const list = await integrations.list({ operator: 'test' }, vendor)
  return list.ok && list.integrations.length === 0 && (await clients.list()).length === 0
}

describe('a person', () => {
  it.each<readonly [string, Readonly<Record<string, unknown>>, string]>([
    ['without a subject', { sub: undefined }, 'not_a_person'],
    ['that is the client', { sub: 'login' }, 'not_a_person'],
    ['for whom somebody else acts', { act: { sub: 'a-client' } }, 'not_a_person'],
    ['without amr', { amr: undefined }, 'mfa_required'],
    ['who signed in with a password alone', { amr: ['pwd'] }, 'mfa_required'],
    ['whose amr is a text', { amr: 'mfa' }, 'mfa_required'],
    ['without auth_time', { auth_time: undefined }, 'authentication_too_old'],
    ['who signed in long ago', { auth_time: 1_800_000_000 - 3601 }, 'authentication_too_old'],
    ['whose auth_time is a text', { auth_time: '1800000000' }, 'authentication_too_old'],
    ['whose auth_time is in milliseconds', { auth_time: 1_800_000_000_000 }, 'authentication_too_old'],
  ])('%s is refused', async (_name, claims, fault) => {
    const deployment = deploy()
    expect(await creating(deployment, claims)).toBe(fault)
    expect(await isEmpty(deployment)).toBe(true)
  })

  it('who signed in just within the hour, or by a clock that is a little ahead, is not', async () => {
    expect(await creating(deploy(), { auth_time: 1_800_000_000 - 3600 })).toBe('done')
    expect(await creating(deploy(), { auth_time: 1_800_000_000 + 60 })).toBe('done')
    expect(await creating(deploy({ mfaMaxAgeSeconds: 60 }), { auth_time: 1_800_000_000 - 61 })).toBe('authentication_too_old')
  })

  it('of another entity is refused', async () => {
    const deployment = deploy()
    expect(await creating(deployment, {}, department)).toBe('foreign_entity')
    expect(await isEmpty(deployment)).toBe(true)
  })

  it('who came by an integration is refused', async () => {
    const deployment = deploy()
    const made = await deployment.integrations.create({ operator: 'test' }, { entity: vendor, title: 'Dispatch' })
    if (!made.ok) throw new Error(made.reason)
    const claims = { entities: [vendor], amr: ['mfa'], auth_time: 1_800_000_000 }
    const auth = { issuer: 'https://api.example', via: 'own', subject: 'vera', clientId: made.clientId, claims } as unknown as Auth
    const { integrations } = deployment as { readonly integrations: { create: (...args: never[]) => Promise<object> } }
    const create = (by: Auth) => integrations.create(...([by, { entity: vendor, title: 'Second' }] as unknown as never[]))
    expect(await create(auth)).toMatchObject({ ok: false, reason: 'not_a_person' })
    expect(await create({ ...auth, clientId: 'login' })).toMatchObject({ ok: true })
  })
})

describe('an integration', () => {
  const claims = {}
  async function reading(
    changes: Partial<Auth>,
    query?: { readonly clientId?: string; readonly entity?: string },
  ): Promise<string | number> {
    const { integrations } = deploy({ policies: { mayManage: () => false, mayEnroll: () => false } })
    const operator = { operator: 'test' }
    const made = await integrations.create(operator, { entity: vendor, title: 'Dispatch' })
    if (!made.ok) throw new Error(made.reason)
    const { clientId } = made
    await integrations.enroll(operator, { entity: department, clientId })
    const auth = { issuer: 'https://api.example', via: 'own', subject: clientId, clientId, claims, ...changes } as unknown as Auth
    const read = integrations.enrollments as unknown as (by: Auth, query: object) => ReturnType<typeof integrations.enrollments>
    const done = await read(auth, query ?? { clientId })
    return done.ok ? done.totalCount : done.reason
  }

  it('reads its own enrollments, whoever may manage it', async () => {
    expect(await reading({})).toBe(1)
  })

  it.each<readonly [string, Partial<Auth>, string]>([
    ['of another client', { clientId: '00000000-0000-4000-8000-000000000000' }, 'mfa_required'],
    ['of another issuer', { issuer: 'https://people.example' }, 'not_a_person'],
    ['for a person', { subject: 'vera' }, 'not_a_person'],
    ['without a subject', { subject: undefined }, 'not_a_person'],
    ['with an actor', { claims: { act: { sub: 'a-client' } } as never }, 'not_a_person'],
  ])('does not with a token %s', async (_name, changes, fault) => {
    expect(await reading(changes)).toBe(fault)
  })

  it('reads those of no entity', async () => {
    expect(await reading({}, { entity: department })).toBe('not_a_person')
  })
})

describe('a policy', () => {
  const answers = [undefined, null, 'true', 1, {}, false] as unknown as readonly boolean[]

  it.each(answers)('that answers %j denies', async (answer) => {
    const mine: Options['policies'] = { mayManage: () => true, mayEnroll: () => true }
    const allow = (changes: Partial<Options['policies']>) => deploy({ policies: { ...mine, ...changes } })
    expect(await creating(allow({ mayManage: () => answer }))).toBe('foreign_entity')
    expect(await creating(allow({ mayManage: async () => answer }))).toBe('foreign_entity')
    expect(await creating(allow({ isPerson: () => answer }))).toBe('not_a_person')
    expect(await creating(allow({ provesMfa: async () => answer }))).toBe('mfa_required')
    const deployment = allow({ mayEnroll: async () => answer })
    const auth = await authOf(deployment, await deployment.person([vendor]))
    const made = await deployment.integrations.create(auth, { entity: vendor, title: 'Dispatch' })
    const clientId = made.ok ? made.clientId : ''
    const which = { entity: department, clientId }
    expect(await deployment.integrations.enroll(auth, which)).toMatchObject({ ok: false, reason: 'foreign_entity' })
    await deployment.integrations.enroll({ operator: 'test' }, which)
    expect(await deployment.integrations.unenroll(auth, which)).toMatchObject({ ok: false, reason: 'foreign_entity' })
    expect(await deployment.integrations.enrollments(auth, { clientId })).toMatchObject({ ok: true, totalCount: 1 })
  })

  it('of the host proves MFA where amr does not', async () => {
    const asked: unknown[] = []
    const provesMfa: Options['policies']['provesMfa'] = async ({ claims }) => {
      asked.push(claims.origin_jti)
      return claims.origin_jti === 'o-1'
    }
    const policies = { mayManage: () => true, mayEnroll: () => true, provesMfa }
    expect(await creating(deploy({ policies }), { amr: undefined, origin_jti: 'o-1' })).toBe('done')
    expect(await creating(deploy({ policies }), { origin_jti: 'o-2' })).toBe('mfa_required')
    expect(asked).toEqual(['o-1', 'o-2'])
  })

  it('that knows persons better cannot make one of a client', async () => {
    const policies = { mayManage: () => true, mayEnroll: () => true, isPerson: () => true, provesMfa: () => true }
    expect(await creating(deploy({ policies }), { sub: 'login' })).toBe('not_a_person')
  })

  it('that fails is an outage or a fault of the program, and never a yes', async () => {
    const failing = (error: Error): Partial<Options> => ({ policies: { mayManage: () => Promise.reject(error), mayEnroll: () => true } })
    const outage = new Unavailable('store_unavailable')
    await expect(creating(deploy(failing(outage)))).rejects.toBe(outage)
    const bug = new Error('bug')
    await expect(creating(deploy(failing(bug)))).rejects.toBe(bug)
  })

  it('of enrollment is told what is wanted', async () => {
    const wishes: unknown[] = []
    const deployment = deploy({
      policies: {
        mayManage: () => true,
        mayEnroll: ({ subject }, { entity, integration, action }) => wishes.push([subject, entity, integration.entity, action]) > 0,
      },
    })
    const auth = await authOf(deployment, await deployment.person([], { sub: 'carl' }))
    const made = await deployment.integrations.create(auth, { entity: vendor, title: 'Dispatch' })
    const which = { entity: department, clientId: made.ok ? made.clientId : '' }
    await deployment.integrations.enroll(auth, which)
    await deployment.integrations.unenroll(auth, which)
    expect(wishes).toEqual([
      ['carl', department, vendor, 'enroll'],
      ['carl', department, vendor, 'unenroll'],
    ])
  })
})

describe('records', () => {
  it('name who made them', async () => {
    const deployment = deploy()
    const { integrations } = deployment
    const auth = await authOf(deployment, await deployment.person([vendor, department], { sub: 'vera' }))
    const made = await integrations.create(auth, { entity: vendor, title: 'Dispatch' })
    const vera = { issuer: 'https://people.example', subject: 'vera' }
    expect(made).toMatchObject({ integration: { createdBy: vera } })
    const second = await integrations.create({ operator: 'seed' }, { entity: vendor, title: 'Second' })
    expect(second).toMatchObject({ integration: { createdBy: { operator: 'seed' } } })
    const which = { entity: department, clientId: made.ok ? made.clientId : '' }
    expect(await integrations.enroll(auth, which)).toMatchObject({ enrollment: { createdBy: vera, entity: department }, isNew: true })
  })
})

describe('start-up', () => {
  const deployment = deploy()
  const { accounts, clients, integrations, guard } = deployment
  const policies = { mayManage: () => true, mayEnroll: () => true }
  const options = { issuer: 'https://api.example', accounts, clients, settings: { grants: ['client_credentials'] }, policies }

  it.each<readonly [string, object]>([
    ['no issuer', { issuer: '' }],
    ['no store', { accounts: undefined }],
    ['clients without removal', { clients: { ...clients, remove: undefined } }],
    ['no settings', { settings: undefined }],
    ['no policies', { policies: undefined }],
    ['no policy of enrollment', { policies: { mayManage: () => true } }],
    ['a policy that is no function', { policies: { ...policies, provesMfa: true } }],
    ['entities that are no function', { findEntity: {} }],
    ['a pattern that is not whole', { entityId: /FD\d{8}/ }],
    ['a pattern that remembers', { entityId: /^FD\d{8}$/g }],
    ['a pattern that is a text', { entityId: '^FD$' }],
    ['no types', { types: [] }],
    ['a default type that is none', { types: ['A'], defaultType: 'B' }],
    ['a default type without types', { defaultType: 'B' }],
    ['an age of 0', { mfaMaxAgeSeconds: 0 }],
    ['an age that is no number', { mfaMaxAgeSeconds: Number.NaN }],
    ['no credentials', { maxCredentials: 0 }],
  ])('with %s ends', (_name, changes) => {
    expect(() => createIntegrations(options)).not.toThrow()
    expect(() => createIntegrations({ ...options, ...changes } as never)).toThrow(TypeError)
  })

  it('of routes ends without a guard, and with a path that lacks its parameters', () => {
    expect(() => integrationRoutes(integrations, {} as never)).toThrow(TypeError)
    expect(() => integrationRoutes({} as never, { guard })).toThrow(TypeError)
    expect(() => integrationRoutes(integrations, { guard, paths: { remove: '/integrations/:id' } })).toThrow(TypeError)
    expect(() => integrationRoutes(integrations, { guard, paths: { enrollments: '/enrollments/:entity_id' } })).toThrow(TypeError)
    expect(integrationRoutes(integrations, { guard, dialect: plainIntegrationDialect })).toHaveLength(9)
  })

  it('of a requirement ends with options that are wrong', () => {
    expect(() => integrations.enrolledFor(undefined as never)).toThrow(TypeError)
    for (const maxAgeSeconds of [-1, Number.NaN, Number.POSITIVE_INFINITY, '1' as never])
      expect(() => integrations.enrolledFor(() => vendor, { maxAgeSeconds })).toThrow(TypeError)
    expect(() => integrations.enrolledFor(() => vendor, { orElse: true as never })).toThrow(TypeError)
  })
})
