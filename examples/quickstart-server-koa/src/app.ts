import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { authOf, protect, requireScopes, routes } from '@countersign/koa'
import Router from '@koa/router'
import { createAuthorizationServer, memoryStores } from 'countersign'
import Koa from 'koa'

const { env } = process
const server = createAuthorizationServer({
  issuer: env.ISSUER ?? 'http://localhost:3000',
  stores: memoryStores(), // or sqliteStores(…), redisStores(…), postgresStores(…)
  masterSecret: { current: { id: '1', secret: env.MASTER_SECRET ?? '' } }, // openssl rand -base64 32
  grants: ['client_credentials', 'refresh_token'],
})

const router = new Router()
router.get('/jobs', protect(server.guard, requireScopes('jobs:read')), (ctx) => {
  ctx.body = { jobsFor: authOf(server.guard, ctx).clientId }
})
router.get('/readyz', async (ctx) => {
  ctx.status = (await server.ready()).ok ? 200 : 503
})

await server.ready()
const registered = await server.clients.register({ id: 'batch', grants: ['client_credentials'], scopes: ['jobs:read'] })
if (registered.ok) console.log(`secret ${registered.secret?.secret}`)

const app = new Koa().use(routes(server.routes)).use(router.routes())
const http = app.listen(Number(env.PORT ?? 3000), '127.0.0.1')
process.once('SIGTERM', () => {
  http.close(() => void server.close())
  http.closeIdleConnections()
})
await once(http, 'listening')
console.log(`listening http://127.0.0.1:${(http.address() as AddressInfo).port}`)
