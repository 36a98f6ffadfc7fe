import { publicJwkOf, testKeys } from '@countersign/testkit'
import { department, type ServerApp, vendor } from './server-app.js'

const actor = { operator: 'ada' }

/** Fills a server as it is after some weeks. */
export async function fillWithSamples(app: ServerApp): Promise<Readonly<Record<'integration' | 'client', string>>> {
  const { server, integrations } = app
  const titles = ['Dispatch centre', 'Records of station 7', 'Hydrant maps', 'Weather alarms'] as const
  const made = await Promise.all(
    titles.map((title, at) => integrations.create(actor, { entity: vendor, title, type: at % 2 === 0 ? 'CAD' : 'RMS' })),
  )
  const [first] = made.flatMap((one) => (one.ok ? [one] : []))
  if (first === undefined) throw new Error('no integration was made')
  await integrations.addCredential(actor, { clientId: first.clientId, title: 'Second data centre' })
  await integrations.enroll(actor, { entity: department, clientId: first.clientId })
  const { clients, keys, revocations, guard, stores } = server
  await clients.register({
    id: 'nightly-batch',
    title: 'Nightly batch',
    owner: 'operations',
    grants: ['client_credentials'],
    scopes: ['jobs:read', 'jobs:write'],
  })
  await clients.register({ id: 'mobile-app', title: 'Mobile app', authMethods: ['none'], grants: ['refresh_token'] })
  await clients.register({
    id: 'partner',
    title: 'Partner gateway',
    authMethods: ['private_key_jwt', 'client_secret_basic'],
    grants: ['client_credentials'],
  })
  await keys.clientKeys.register({ owner: 'partner', kid: 'partner-2030', jwk: publicJwkOf(testKeys.es256) })
  await clients.lock('mobile-app')
  await keys.signing.rotate()
  await keys.signing.generate()
  await revocations.revoke({
    type: 'subject',
    issuer: 'https://api.example',
    subject: 'former-employee',
    notBefore: Math.floor(Date.now() / 1000),
  })
  await revocations.revoke({
    type: 'jti',
    issuer: 'https://api.example',
    jti: '4043e331-aa04-4654-b3a1-a3388de9f0b4',
    expiresAt: Math.floor(Date.now() / 1000) + 900,
  })
  for (let n = 0; n < 12; n += 1) await guard.check({ headers: n % 3 === 0 ? {} : { authorization: 'Bearer junk' } })
  const ttlMs = 86_400_000
  await stores.audit.append(
    { event: 'countersign:token', clientId: 'nightly-batch', subject: 'nightly-batch', detail: { grant: 'client_credentials' } },
    { ttlMs },
  )
  const root = app.as('root')
  const client = '/console/client?client=nightly-batch'
  await (await root.get(client)).submit('/console/client/lock', { confirm: 'nightly-batch' })
  await (await root.get(client)).submit('/console/client/unlock')
  await (await root.get('/console/keys')).submit('/console/keys/activate')
  await (await app.as('vera').get(`/console/integrations?entity=${vendor}`)).submit('/console/integrations/create', {
    title: 'Shift planning',
  })
  return { integration: first.clientId, client: 'partner' }
}

/** Each page with samples in it, by a name for its picture. */
export const pagesOf = (ids: Readonly<Record<'integration' | 'client', string>>): Readonly<Record<string, string>> => ({
  overview: '/console/overview',
  entities: '/console/entities',
  integrations: `/console/integrations?entity=${vendor}`,
  'integrations-empty': `/console/integrations?entity=${department}`,
  integration: `/console/integration?client=${ids.integration}`,
  enrollments: `/console/enrollments?entity=${department}`,
  clients: '/console/clients',
  client: `/console/client?client=${ids.client}`,
  keys: '/console/keys',
  revocations: '/console/revocations',
  audit: '/console/audit',
  explain: '/console/explain',
  'not-found': '/console/client?client=nobody',
})
