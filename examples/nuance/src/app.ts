import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { clientCredentials, createClientAuthenticator, createClients, createTokenEndpoint, tokenExchange } from '@countersign/grants'
import { createKeyRegistry, keyRoutes } from '@countersign/keys'
import { authOf, handle, protect, requireScopes, routes } from '@countersign/koa'
import { createGuard, createSharedRevocations, ownIssuer } from '@countersign/verifier'
import Router from '@koa/router'
import Koa from 'koa'
import { applySeed } from './apply-seed.js'
import { resourceDialect, tokenDialect, withBasicOnly } from './dialect.js'
import { errorPages } from './error-pages.js'
import { acceptingFromBefore } from './first-start.js'
import { operatorRoutes } from './operator-routes.js'
import { profile } from './profile.js'
import { logRefusals } from './refusal-log.js'
import { deriveSecrets } from './secrets.js'
import { loadSeed } from './seed.js'
import { readSettings, stop } from './settings.js'
import { openStores } from './stores.js'

const unreachable = (error: unknown): never => stop(`the store cannot be used: ${String(error)}`)

const settings = readSettings(process.env)
const { seed, digest } = await loadSeed(settings.seedFile)
const secrets = deriveSecrets(settings.appSecret)
const { issuer, paths } = profile
const { stores: kept, close } = await openStores(settings, digest).catch(unreachable)
const stores = { ...kept, replay: await acceptingFromBefore(kept).catch(unreachable) }

// Our own signing keys, and those that clients registered; what is revoked is revoked for every process on the store.
const keyOptions = {
  issuer,
  store: stores.keys,
  revocations: stores.revocations,
  encryption: secrets.keyEncryption,
  maxTokenLifeSeconds: profile.accessTokenSeconds,
}
const keys = createKeyRegistry(keyOptions)
const clients = createClients({
  store: stores.clients,
  pepper: secrets.pepper,
  keys: keys.clients,
  issuer,
  revocations: stores.revocations,
})

// A client gets tokens for the Portal users that it is registered for, and for nobody else.
const exchange = tokenExchange({
  policy: ({ client, presented: { subject } }) =>
    subject !== undefined && client.assertion?.subjects?.includes(subject) ? { allow: true, isPerson: true } : { allow: false },
})
const grants = [clientCredentials(), exchange]
const sites = new Map(seed.clients.map((client) => [client.client_id, client.sites]))
const tokenEndpoint = createTokenEndpoint({
  issuer,
  audience: profile.api,
  signer: keys.signer,
  stores,
  clients,
  grants,
  accessTokenSeconds: profile.accessTokenSeconds,
  claims: ({ client }) => ({ sites: sites.get(client.id) ?? [] }),
  dialect: tokenDialect,
})
const authenticate = createClientAuthenticator({ issuer, clients, stores, dialect: tokenDialect })

const revocations = createSharedRevocations({ store: stores.revocations, maxStalenessSeconds: 10, onStale: 'refuse' })
const guard = createGuard({
  issuers: { own: ownIssuer({ issuer, keys: keys.source, algorithms: ['ES256'], audience: profile.api }) },
  revocations,
  realm: profile.realms.resource,
  dialect: resourceDialect,
})

const router = new Router()
router.all(paths.token, handle(withBasicOnly(tokenEndpoint)))
router.get(paths.ping, protect(guard, requireScopes(profile.scope)), (ctx) => {
  const { subject, clientId, claims } = authOf(guard, ctx)
  ctx.body = { subject, client: clientId, sites: claims.sites }
})

const app = new Koa()
app.use(errorPages)
app.use(routes(keys.jwks(paths.jwks)))
app.use(routes(keyRoutes(keys, { authenticate, path: paths.keys })))
app.use(routes(operatorRoutes(clients, settings.operatorToken)))
app.use(router.routes()).use(router.allowedMethods())

if (settings.logsRefusals) logRefusals()
const readiness = await keys.ready()
if (!readiness.ok) unreachable(readiness.parts.keys?.ok === false ? readiness.parts.keys.cause : 'no signing key')
await applySeed(seed, { clients, keys, keyOptions, grantTypes: grants.map(({ type }) => type) }).catch(unreachable)

const server = app.listen(settings.port, '127.0.0.1')
process.once('SIGTERM', () => {
  server.close(() => void Promise.all([guard.close(), revocations.close(), keys.close()]).then(close))
  setTimeout(() => server.closeAllConnections(), 2_000).unref()
})
await once(server, 'listening')
if (!settings.appSecret) console.log('no APP_SECRET: secrets are derived from a public text, for development only')
if (!settings.isOperatorTokenGiven) console.log(`no OPERATOR_TOKEN: this process takes ${settings.operatorToken}`)
console.log(`listening http://127.0.0.1:${(server.address() as AddressInfo).port}`)
