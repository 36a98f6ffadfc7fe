import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { handle, protect, routes } from '@countersign/express'
import { clientCredentials, createClients, createTokenEndpoint } from '@countersign/grants'
import { createIntegrations, integrationRoutes } from '@countersign/integrations'
import { createKeyRegistry } from '@countersign/keys'
import { createGuard, createSharedRevocations, jwks, ownIssuer } from '@countersign/verifier'
import express, { type Request } from 'express'

const secret = (name: string) => ({ current: { id: '1', secret: process.env[name] ?? randomBytes(32) } })
const issuer = 'https://api.example'
const stores = memoryStores() // redisStores(…) or postgresStores(…) where several processes run
const { revocations } = stores

const keys = createKeyRegistry({ issuer, store: stores.keys, revocations, encryption: secret('KEY_ENCRYPTION') })
const clients = createClients({ store: stores.clients, pepper: secret('CLIENT_PEPPER'), issuer, revocations })

const guard = createGuard({
  revocations: createSharedRevocations({ store: revocations, maxStalenessSeconds: 10, onStale: 'refuse' }),
  issuers: {
    people: jwks({ issuer: 'https://login.example', url: 'https://login.example/jwks', algorithms: ['ES256'], audience: issuer }),
    own: ownIssuer({ issuer, keys: keys.source, algorithms: ['ES256'], audience: issuer }),
  },
})

const staff = new Map([['vendor-1', ['vera']]]) // yours: who acts for which entity

export const integrations = createIntegrations({
  issuer,
  accounts: stores.accounts,
  clients,
  settings: { grants: ['client_credentials'] },
  policies: {
    mayManage: (auth, entity) => staff.get(entity)?.includes(auth.subject ?? '') === true,
    mayEnroll: (auth, { entity }) => staff.get(entity)?.includes(auth.subject ?? '') === true,
  },
})

export const app = express()

app.post(
  '/token',
  handle(createTokenEndpoint({ issuer, audience: issuer, signer: keys.signer, stores, clients, grants: [clientCredentials()] })),
)
app.use(routes(integrationRoutes(integrations, { guard })))

const enrolled = integrations.enrolledFor((req: Request) => req.params.id)
app.get('/departments/:id/incidents', protect(guard, enrolled), (_req, res) => {
  res.json({ incidents: [] })
})

await keys.ready()
app.listen(process.env.PORT ?? 3000)
