import { createCognito } from '@countersign/cognito'
import { type Now, type RevocationQuery, type RevocationReason, whenKnown } from '@countersign/core'
import { handle, routes } from '@countersign/express'
import { createClients, createTokenEndpoint } from '@countersign/grants'
import { createKeyRegistry } from '@countersign/keys'
import { createGuard, createSharedRevocations, signingKeys } from '@countersign/verifier'
import express, { type ErrorRequestHandler, type Express } from 'express'
import { accountRoutes, createAccounts } from './accounts.js'
import { appSecrets, poolKey } from './app-secrets.js'
import { createDelivery } from './deliver-code.js'
import { detailReply, guardDialect } from './detail.js'
import { mounted, notAllowed } from './mount.js'
import { openStores } from './open-stores.js'
import { createPeople } from './people.js'
import { clockToleranceSeconds, poolIssuer } from './pool-issuer.js'
import { peopleClient, registerSeed } from './register-seed.js'
import { resources } from './resources.js'
import { loadSeed } from './seed.js'
import type { Settings } from './settings.js'
import { createSignIns } from './sign-ins.js'
import { tokenDialect } from './token-dialect.js'
import { tokenGrants } from './token-grants.js'
import { tokenRequests } from './token-request.js'
import { remotePool, startOwnPool, type UserPool } from './user-pool.js'

/** The app, ready to listen. */
export interface Neris {
  readonly app: Express
  readonly pool: UserPool
  /** What whoever starts it should know. */
  readonly warnings: readonly string[]
  /** Ends its connections; requests come to their end first. */
  close(): Promise<void>
}

/** What a test has in other ways. */
export interface Surroundings {
  /** Prints codes that are not sent by mail. @defaultValue the console */
  readonly print?: (line: string) => void
  /** The clock of everything but the stores, in epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
}

/**
 * Puts the API together: two signers, one guard that believes both, the token endpoint, accounts and resources.
 *
 * @throws BadSettings if it cannot work like this
 */
export async function createNeris(settings: Settings, { print = console.log, now = Date.now }: Surroundings = {}): Promise<Neris> {
  const { issuer } = settings
  const { seed, digest } = await loadSeed(settings.seedFile)
  const { stores, isShared, close: closeStores } = await openStores(settings, settings.storePrefix ?? digest)
  const secretFor = await appSecrets(stores.accounts, settings.appSecret)

  // One for the process: what is revoked is refused by its next request, and by every other process.
  const revocations = createSharedRevocations({
    store: stores.revocations,
    subjects: stores.accounts,
    // Whoever ends a leaked secret wants it ended now: every request asks the store.
    consistency: 'strong',
    maxStalenessSeconds: 5,
    onStale: 'refuse',
    now,
  })

  // Our own signature, for integrations.
  const keys = createKeyRegistry({
    issuer,
    store: stores.keys,
    revocations,
    encryption: secretFor('signing keys'),
    now,
  })
  const clients = createClients({
    store: stores.clients,
    pepper: secretFor('client secrets'),
    issuer,
    revocations,
    // Nobody takes a secret for the wrong environment.
    secretPrefix: settings.pool && settings.pool.endpoint === undefined ? 'neris_live_' : 'neris_test_',
    now,
  })

  // Cognito's, for people.
  const deliver = createDelivery(settings.smtpUrl, print)
  const jwk = await poolKey(stores.accounts)
  const { secret } = secretFor('user pool').current
  const pool = settings.pool ? remotePool(settings.pool) : await startOwnPool({ seed, deliver, jwk, secret, now })
  const people = createPeople({ seed, signIns: createSignIns(stores.accounts, now), cognito: () => cognito })
  const cognito = createCognito({
    userPoolId: pool.userPoolId,
    clientId: pool.clientId,
    ...(pool.clientSecret !== undefined && { clientSecret: pool.clientSecret }),
    // A code that is open is gone on with in every process.
    recognitionSecret: secretFor('repeated sign-ins').current.secret,
    ...(pool.endpoint !== undefined && { endpoint: pool.endpoint }),
    // Refresh tokens of NERIS are never replaced, so that the older call does, which every emulator has.
    refreshWith: pool.endpoint === undefined ? 'GetTokensFromRefreshToken' : 'REFRESH_TOKEN_AUTH',
    onSignedIn: (person) => people.signedIn(person),
  })

  const token = createTokenEndpoint({
    issuer,
    audience: issuer,
    signer: keys.signer,
    stores,
    clients,
    revocations,
    anonymousClient: peopleClient,
    grants: tokenGrants({ cognito, refreshSecrets: secretFor('refresh tokens'), now }),
    dialect: tokenDialect,
    now,
  })

  // The guard chooses by `iss`.
  const guard = createGuard({
    issuers: {
      neris: signingKeys({ issuer, keys: keys.source, algorithms: ['ES256'], audience: issuer, clockToleranceSeconds }),
      people: poolIssuer(pool),
    },
    realm: 'neris',
    revocations: { check: (query) => whenKnown(revocations.check(query), (reason) => unlessOlder(query, reason)) },
    dialect: guardDialect,
    now,
  })

  const accountsOver = createAccounts({ issuer, store: stores.accounts, people, now })
  const integrations = accountsOver(clients)
  const isEnrolledBySeed = await registerSeed({ seed, clients, accountsOver })
  await Promise.all([keys.ready(), guard.ready(), revocations.ready()])

  const app = express().disable('x-powered-by').set('trust proxy', settings.trustedProxies)
  app
    .route('/v1/health')
    .get((_req, res) => void res.json({ status: 'ok' }))
    .all(notAllowed('GET, HEAD'))
  // Express takes `/v1/token/` for the same.
  app.all('/v1/token', handle(tokenRequests(token)))
  app.use(routes(keys.jwks()))
  app.use(...mounted(accountRoutes({ integrations, clients, guard, people })))
  app.use(resources({ guard, people, integrations, isEnrolledBySeed }))
  app.use(handle(async () => detailReply(404, 'Not Found')))
  app.use(failed)

  return {
    app,
    pool,
    warnings: warningsOf(settings, isShared),
    async close() {
      await Promise.all([guard.close(), revocations.close(), cognito.close(), pool.close()])
      deliver.close()
      await closeStores()
    },
  }
}

/**
 * A token that is older than the store's memory may have been revoked before. Not one of Cognito: of people nothing is revoked
 * here, and who signed in before this app was set up stays signed in.
 */
function unlessOlder({ via }: RevocationQuery, reason: RevocationReason | undefined): RevocationReason | undefined {
  return via === 'people' && reason === 'unprovable' ? undefined : reason
}

function warningsOf({ pool, appSecret }: Settings, isShared: boolean): readonly string[] {
  return [
    ...(isShared ? [] : ['no REDIS_URL and no DATABASE_URL: everything is kept in the memory of this process']),
    ...(isShared && appSecret === undefined
      ? ['no APP_SECRET: a secret was made and is kept in the store, so that whoever reads the store can sign; for a first try only']
      : []),
    ...(pool
      ? []
      : ['no COGNITO_USER_POOL_ID: people are in a user pool in this process, with the users of SEED_FILE; for a first try only']),
  ]
}

const failed: ErrorRequestHandler = (error: { readonly status?: number } | undefined, req, res, next) => {
  const status = error?.status ?? 500
  if (status >= 500) console.error(error)
  handle(async () => detailReply(status, status >= 500 ? 'Internal Server Error' : 'Bad Request'))(req, res, next)
}
