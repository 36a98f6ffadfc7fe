import type { ClientSettings } from '@countersign/grants'
import { createIntegrations, integrationRoutes } from '@countersign/integrations'
import { createGuard } from '@countersign/verifier'
import { api, basicOf, countedUuids, issuer, startsAt } from '../constants.js'
import type { Answered, Ask } from '../recorder.js'
import { personToken, type Scenario, textOf } from '../scenario.js'
import type { World } from '../world.js'

const settings: ClientSettings = {
  grants: ['client_credentials', 'refresh_token'],
  scopes: ['read'],
  refresh: { policy: 'rotating', withClientCredentials: true },
}

/** Integrations of a world. */
export function accountsOf({ stores, clients, clock, issuers, view, draws }: World) {
  const guard = createGuard({ resource: api, issuers, revocations: view, now: clock.now })
  const mine = ({ claims: { entities } }: { readonly claims: object & { readonly entities?: unknown } }, entity: string): boolean =>
    Array.isArray(entities) && entities.includes(entity)
  const integrations = createIntegrations({
    issuer,
    accounts: stores.accounts,
    clients,
    settings,
    policies: { mayManage: mine, mayEnroll: (auth, { entity }) => mine(auth, entity) },
    entityId: /^(FD|VN)\d+$/,
    findEntity: (entity) => (entity.endsWith('9') ? undefined : { name: `Name of ${entity}` }),
    types: ['records', 'alerts'],
    maxCredentials: 2,
    now: clock.now,
    randomUUID: countedUuids(`${draws}accounts`),
  })
  return { guard, integrations }
}

/** What a person asks. */
type Act = (name: string, line: string, json?: unknown, token?: string) => Promise<Answered>

function acting(ask: Ask, usual: string): Act {
  return (name, line, json, token = usual) => {
    const [method = '', path = ''] = line.split(' ')
    return ask(name, { method, path, headers: { authorization: `Bearer ${token}` }, ...(json !== undefined && { json }) })
  }
}

export const manager = (claims: object = {}): Promise<string> =>
  personToken({ aud: api, sub: 'u-eve', entities: ['VN1', 'FD1', 'FD9'], ...claims })

async function faults(act: Act, ask: Ask): Promise<void> {
  const line = 'POST /entities/VN1/integrations'
  const json = { title: 'Reports', type: 'records' }
  await ask('no token', { path: '/entities/VN1/integrations', json })
  await act('no title', line, { type: 'records' })
  await act('a type that is not known', line, { title: 'Reports', type: 'x' })
  await act('members of another type', line, { title: 1, type: [] })
  await act('not an object', line, [])
  await act('an entity of another form', 'POST /entities/x/integrations', json)
  await act('an entity that is not there', 'POST /entities/FD9/integrations', json)
  await act('somebody else’s entity', 'POST /entities/FD2/integrations', json)
  await act('without a second factor', line, json, await manager({ amr: ['pwd'] }))
  await act('a sign-in that is long ago', line, json, await manager({ auth_time: startsAt - 7200 }))
  await act('not a person', line, json, await manager({ sub: undefined }))
  await act('an integration that is not there', 'POST /integrations/00000000-0000-4000-8000-000000000000/credentials', {})
}

/** Two integrations, one of them enrolled. */
async function makeAccounts(act: Act): Promise<{ readonly first: Answered; readonly second: Answered }> {
  const first = await act('create', 'POST /entities/VN1/integrations', { title: 'Reports', type: 'records' })
  const second = await act('create another', 'POST /entities/VN1/integrations', { title: 'Alerts', type: 'alerts' })
  const id = textOf(first, 'client_id')
  await act('a second credential', `POST /integrations/${id}/credentials`, { title: 'spare' })
  await act('enroll', `POST /entities/FD1/enrollments/${id}`)
  await act('enroll another', `POST /entities/FD1/enrollments/${textOf(second, 'client_id')}`)
  return { first, second }
}

export const accounts: Scenario = {
  name: 'accounts',
  mount(app, world) {
    const { guard, integrations } = accountsOf(world)
    app.routes(integrationRoutes(integrations, { guard }))
    const enrolled = integrations.enrolledFor((host: { readonly params: Readonly<Record<string, string>> }) => host.params.entity_id)
    app.protect('/departments/:entity_id/incidents', guard, [enrolled as never], () => ({ incidents: [] }))
  },
  async run(_world, ask) {
    const act = acting(ask, await manager())
    await faults(act, ask)
    const { first, second } = await makeAccounts(act)
    const [id, otherId] = [textOf(first, 'client_id'), textOf(second, 'client_id')]
    await act('one credential too many', `POST /integrations/${id}/credentials`, {})
    await act('enroll, again', `POST /entities/FD1/enrollments/${id}`)
    await act('enroll for somebody else', `POST /entities/FD2/enrollments/${id}`)
    const token = textOf(
      await ask('its token', { headers: basicOf(id, textOf(first, 'client_secret')), form: { grant_type: 'client_credentials' } }),
      'access_token',
    )
    await act('list', 'GET /entities/VN1/integrations')
    await act('enrollments of an entity', 'GET /entities/FD1/enrollments')
    await act('enrollments of an entity, searched', 'GET /entities/FD1/enrollments?title=rep&page_size=1')
    await act('enrollments of an integration', `GET /integrations/${id}/enrollments`)
    await act('enrollments, for itself', `GET /integrations/${id}/enrollments`, undefined, token)
    await act('a page that is not one', 'GET /entities/FD1/enrollments?page_number=0')
    await act('incidents of an entity that enrolled it', 'GET /departments/FD1/incidents', undefined, token)
    await act('incidents of another entity', 'GET /departments/FD2/incidents', undefined, token)
    await act('incidents for a person', 'GET /departments/FD1/incidents')
    await act('unenroll', `DELETE /entities/FD1/enrollments/${id}`)
    await act('unenroll, again', `DELETE /entities/FD1/enrollments/${id}`)
    await act('incidents after that', 'GET /departments/FD1/incidents', undefined, token)
    await act('remove a credential', `DELETE /integrations/${id}/credentials/${textOf(first, 'credential_id')}`)
    await act('remove a credential, again', `DELETE /integrations/${id}/credentials/${textOf(first, 'credential_id')}`)
    await act('remove', `DELETE /integrations/${otherId}`)
    await act('remove, again', `DELETE /integrations/${otherId}`)
    await act('list after that', 'GET /entities/VN1/integrations')
  },
}
