import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { publicKeyOf, testKeys } from '@countersign/testkit'
import express from 'express'
import { googleStyle } from './google.js'
import { smartBackend } from './smart.js'

const { env } = process
// The name under which clients know this server, whichever port it has.
const url = env.PUBLIC_URL || 'https://api.example'

/** What was used before a start is not known here: it works again. Redis and PostgreSQL remember, and need no such thing. */
function inMemory(): Stores {
  const stores = memoryStores()
  return { ...stores, replay: { ...stores.replay, claim: (claim) => stores.replay.claim({ ...claim, issuedAgoMs: 0 }) } }
}

// Its private key is published with the testkit: for a first try only.
const demoKey = publicKeyOf(testKeys.rs256).export({ type: 'spki', format: 'pem' }).toString()
const account = {
  email: 'reports@project.iam.example',
  kid: testKeys.rs256.kid,
  publicKeyPem: env.SERVICE_ACCOUNT_PEM || demoKey,
  delegatedUsers: ['kim@company.example'],
}
const service = { id: 'bulk-export', jwksUrl: env.SMART_JWKS_URL || 'http://127.0.0.1:3001/jwks.json' }

const app = express().disable('x-powered-by')
app.use('/google', await googleStyle(url, inMemory(), [account]))
app.use('/smart', await smartBackend(url, inMemory(), [service]))

const server = app.listen(Number(env.PORT ?? 3000), '127.0.0.1')
process.once('SIGTERM', () => {
  server.close(() => process.exit(0))
  setTimeout(() => server.closeAllConnections(), 2_000).unref()
})
await once(server, 'listening')
if (!env.SERVICE_ACCOUNT_PEM) console.log('no SERVICE_ACCOUNT_PEM: the service account has a key that everybody has, for a first try only')
console.log(`listening http://127.0.0.1:${(server.address() as AddressInfo).port}`)
