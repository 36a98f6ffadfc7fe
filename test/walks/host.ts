import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { authOf, handle, protect } from '@countersign/express'
import { createClients, createRevocationEndpoint, createTokenEndpoint, type Grant, refreshToken } from '@countersign/grants'
import { createKeyRegistry } from '@countersign/keys'
import { createGuard, createSharedRevocations, jwks, requireScopes, signingKeys } from '@countersign/verifier'
import express, { type Express } from 'express'

const issuer = 'https://api.example'

/** Stands for people who sign in. */
const signIn: Grant = {
  type: 'urn:example:sign-in',
  validate: async ({ scopes, audiences }) => ({ ok: true, granted: { ok: true, subject: 'user', isPerson: true, scopes, audiences } }),
}

/** What the walks need from the app. */
export interface Host {
  readonly app: Express
  /** Value of the Authorization header of the one client. */
  readonly basic: string
  close(): Promise<void>
}

/** The app from which the walks of docs/architecture.md start: each mounts what it would mount in an app of yours. */
export async function startHost(partner: { readonly issuer: string; readonly jwksUrl: string }): Promise<Host> {
  const stores = memoryStores()
  const secret = { current: { id: '1', secret: randomBytes(32) } }
  const shared = { store: stores.revocations, subjects: stores.accounts, maxStalenessSeconds: 10, onStale: 'refuse' } as const
  const revocations = createSharedRevocations(shared)
  const keys = createKeyRegistry({ issuer, store: stores.keys, revocations, encryption: secret })
  const clients = createClients({ issuer, store: stores.clients, revocations, pepper: secret })
  const issuers = {
    own: signingKeys({ issuer, keys: keys.source, algorithms: ['ES256'], audience: issuer }),
    partner: jwks({ issuer: partner.issuer, url: partner.jwksUrl, algorithms: ['ES256'], audience: issuer }),
  }
  const guard = createGuard({ resource: issuer, revocations, issuers })
  const grants = [signIn, refreshToken({ secrets: secret })]
  const tokenEndpoint = createTokenEndpoint({ issuer, audience: issuer, signer: keys.signer, stores, clients, grants, revocations })
  const { verifier } = guard
  const revocationEndpoint = createRevocationEndpoint({ issuer, clients, stores, verifier, revocations, refreshSecrets: secret })

  // Another process has a view of its own on the same store.
  const viewElsewhere = createSharedRevocations(shared)
  const elsewhere = createGuard({ resource: issuer, revocations: viewElsewhere, issuers })

  const app = express()
  app.post('/token', handle(tokenEndpoint))
  app.post('/revoke', handle(revocationEndpoint))
  app.get('/me', protect(guard, requireScopes('read')), (req, res) => {
    res.json(authOf(guard, req).subject)
  })
  app.get('/elsewhere', protect(elsewhere, requireScopes('read')), (req, res) => {
    res.json(authOf(elsewhere, req).subject)
  })

  await keys.ready()
  const registered = await clients.register({
    id: 'app',
    grants: ['refresh_token', signIn.type],
    scopes: ['read'],
    refresh: { policy: 'rotating' },
  })
  if (!registered.ok) throw new Error('the client is there already')
  const basic = `Basic ${Buffer.from(`app:${registered.secret?.secret}`).toString('base64')}`
  const close = async (): Promise<void> => {
    await Promise.all([guard.close(), elsewhere.close(), revocations.close(), viewElsewhere.close(), keys.close()])
  }
  return { app, basic, close }
}
