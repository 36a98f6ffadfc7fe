import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { clientCredentials, createClientAuthenticator, createTokenEndpoint, tokenExchange } from '@countersign/grants'
import { keyRoutes } from '@countersign/keys'
import { authOf, handle, protect, requireScopes, routes } from '@countersign/koa'
import { createGuard, createSharedRevocations, signingKeys } from '@countersign/verifier'
import Router from '@koa/router'
import Koa from 'koa'
import { applySeed } from './apply-seed.js'
import { resourceDialect, tokenDialect, withBasicOnly } from './dialect.js'
import { errorPages } from './error-pages.js'
import { acceptingFromBefore } from './first-start.js'
import { operatorRoutes } from './operator-routes.js'
import { profile } from './profile.js'
import { logRefusals } from './refusal-log.js'
import { createRevokedKeys } from './revoked-keys.js'
import { deriveSecrets } from './secrets.js'
import { loadSeed } from './seed.js'
import { readSettings, stop } from './settings.js'
import { systemOf } from './state-of-seed.js'
import { openStores } from './stores.js'
import { createSystem, type System } from './system.js'

const unreachable = (error: unknown): never => stop(`the store cannot be used: ${String(error)}`)

const settings = readSettings(process.env)
const loaded = await loadSeed(settings.seedFile)
const secrets = deriveSecrets(settings.appSecret)
const { issuer, paths } = profile

// Which part of the store it is, for this seed or for the one that it is an edition of.
const store = await openStores(settings).catch(unreachable)
const documents = store.of().accounts
const open = (name: string): System => createSystem(store.of(name), secrets)
const opened = store.of(await systemOf(loaded, { documents, markKey: secrets.marks, open }).catch(unreachable))
// One for the process: what is revoked is refused by its next request, and by every other process.
const revocations = createSharedRevocations({
  store: opened.revocations,
  subjects: opened.accounts,
  maxStalenessSeconds: 10,
  onStale: 'refuse',
})
const system = createSystem(opened, secrets, revocations)
const { keys, clients } = system
const stores = { ...system.stores, replay: await acceptingFromBefore(system.stores).catch(unreachable) }
const revokedKeys = createRevokedKeys(documents)

// A client gets tokens for the Portal users that it is registered for, and for nobody else.
const exchange = tokenExchange({
  policy: ({ client, presented: { subject } }) =>
    subject !== undefined && client.assertion?.subjects?.includes(subject) ? { allow: true, isPerson: true } : { allow: false },
})
const grants = [clientCredentials(), exchange]
const sites = new Map(loaded.seed.clients.map((client) => [client.client_id, client.sites]))
const tokenEndpoint = createTokenEndpoint({
  issuer,
  audience: profile.api,
  signer: keys.signer,
  stores,
  clients,
  grants,
  revocations,
  accessTokenLifetimeSeconds: profile.accessTokenLifetimeSeconds,
  claims: ({ client }) => ({ sites: sites.get(client.id) ?? [] }),
  dialect: tokenDialect,
})
const authenticate = createClientAuthenticator({ issuer, clients, stores, dialect: tokenDialect })

const guard = createGuard({
  issuers: { own: signingKeys({ issuer, keys: keys.source, algorithms: ['ES256'], audience: profile.api }) },
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
app.use(routes(keyRoutes({ clientKeys: revokedKeys.guarding(keys.clientKeys) }, { authenticate, path: paths.keys })))
app.use(routes(operatorRoutes(clients, settings.operatorToken)))
app.use(router.routes()).use(router.allowedMethods())

if (settings.logsRefusals) logRefusals()
const readiness = await keys.ready()
if (!readiness.ok) unreachable(readiness.parts.keys?.ok === false ? readiness.parts.keys.cause : 'no signing key')
const grantTypes = grants.map(({ type }) => type)
await applySeed(loaded.seed, { ...system, revokedKeys, markKey: secrets.marks, grantTypes }).catch(unreachable)

const server = app.listen(settings.port, '127.0.0.1')
process.once('SIGTERM', () => {
  server.close(() => void Promise.all([guard.close(), revocations.close(), keys.close()]).then(store.close))
  setTimeout(() => server.closeAllConnections(), 2_000).unref()
})
await once(server, 'listening').catch((error: unknown) => stop(`PORT cannot be used: ${String(error)}`))
if (!settings.appSecret) console.log('no APP_SECRET: secrets are derived from a public text, for development only')
if (!settings.isOperatorTokenGiven) console.log(`no OPERATOR_TOKEN: this process takes ${settings.operatorToken}`)
console.log(`listening http://127.0.0.1:${(server.address() as AddressInfo).port}`)
