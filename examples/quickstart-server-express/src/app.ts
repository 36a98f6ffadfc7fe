import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { asyncHandler, authOf, protect, requireScopes, routes } from '@countersign/express'
import { createAuthorizationServer, memoryStores } from 'countersign'
import express from 'express'

const { env } = process
const server = createAuthorizationServer({
  issuer: env.ISSUER ?? 'http://localhost:3000',
  stores: memoryStores(), // or sqliteStores(…), redisStores(…), postgresStores(…)
  masterSecret: { current: { id: '1', secret: env.MASTER_SECRET ?? '' } }, // openssl rand -base64 32
  grants: ['client_credentials', 'refresh_token'],
})

const app = express()
app.use(routes(server.routes))
app.get('/jobs', protect(server.guard, requireScopes('jobs:read')), (req, res) => {
  res.json({ jobsFor: authOf(server.guard, req).clientId })
})
app.get(
  '/readyz',
  asyncHandler(async (_req, res) => {
    const { ok } = await server.ready()
    res.status(ok ? 200 : 503).end()
  }),
)

await server.ready()
const registered = await server.clients.register({ id: 'batch', grants: ['client_credentials'], scopes: ['jobs:read'] })
if (registered.ok) console.log(`secret ${registered.secret?.secret}`)

const http = app.listen(Number(env.PORT ?? 3000), '127.0.0.1')
process.once('SIGTERM', () => {
  http.close(() => void server.close())
  http.closeIdleConnections()
})
await once(http, 'listening')
console.log(`listening http://127.0.0.1:${(http.address() as AddressInfo).port}`)
