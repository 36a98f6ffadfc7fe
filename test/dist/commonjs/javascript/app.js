const { memoryStores } = require('@countersign/core/memory')
const { authOf, handle, protect } = require('@countersign/express')
const { clientCredentials, createClients, createTokenEndpoint } = require('@countersign/grants')
const { createKeyRegistry } = require('@countersign/keys')
const { createGuard, signingKeys, requireScopes } = require('@countersign/verifier')
const express = require('express')

/** CommonJS has no `await` at the top level: a function opens what must be open before the app listens. */
async function openApp({ issuer, encryption, pepper }) {
  const stores = memoryStores()
  const keys = createKeyRegistry({ issuer, store: stores.keys, encryption })
  const clients = createClients({ issuer, store: stores.clients, pepper })
  const grants = [clientCredentials()]
  const tokenEndpoint = createTokenEndpoint({ issuer, audience: issuer, signer: keys.signer, stores, clients, grants })
  const guard = createGuard({ issuers: { own: signingKeys({ issuer, keys: keys.source, algorithms: ['ES256'], audience: issuer }) } })

  const app = express()
  app.post('/v1/token', handle(tokenEndpoint))
  app.get('/jobs', protect(guard, requireScopes('jobs:read')), (req, res) => {
    res.json({ client: authOf(guard, req).clientId })
  })
  await Promise.all([keys.ready(), guard.ready()])
  return { app, clients, close: () => Promise.all([keys.close(), guard.close()]) }
}

module.exports = { openApp }
