import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { memoryStores } from '@countersign/core/memory'
import { handle } from '@countersign/express'
import { createNonces } from '@countersign/nonce'
import { redisStores } from '@countersign/redis'
import express, { type ErrorRequestHandler } from 'express'
import { errorReply, inEnvelope, unreadableReply } from './envelope.js'
import { getNonce } from './get-nonce.js'
import { login } from './login.js'
import type { Purpose } from './redemption.js'
import { openRedis } from './redis.js'
import { createRefusalLog, logNonces } from './refusal-log.js'
import { loadSeed } from './seed.js'
import { readSettings } from './settings.js'
import { compactJwsVerifier } from './signed-content.js'
import { smsVerification } from './sms-verification.js'
import { strictly } from './strict-body.js'

const settings = readSettings(process.env)
const { seed, digest, secret } = await loadSeed(settings.seedFile)
const verifySignedContent = compactJwsVerifier(seed)
const redis = await openRedis(settings.redisUrl)
const stores = redis ? redisStores(redis, { prefix: `ehealth:${digest}`, maxWaitMs: 800 }) : memoryStores()
if (!redis) console.log('no Redis: nonces are kept in the memory of this process')
if (!settings.secrets) console.log('no JWT_SECRET: nonces are signed with a secret that is made of the seed, for a first try only')

const audiences = ['mithril-login', 'trusted-client']
const nonces = createNonces<Purpose>({
  issuer: 'EHealth',
  lifetimeSeconds: settings.lifetimeSeconds,
  store: stores.nonces,
  secrets: settings.secrets ?? { current: { id: '', secret } },
  typ: 'JWT',
  audience: 'mithril-login',
  purposes: { login: { audiences }, sms_verification: { audiences } },
  notBeforeSkewSeconds: 1,
  claims: () => {
    const nonce = randomUUID()
    return { sub: nonce, nonce, typ: 'access' }
  },
})
const log = createRefusalLog()
logNonces(log)

const app = express().disable('x-powered-by')
app.use(express.json({ limit: '100kb', verify: strictly }))
app.get('/oauth/nonce', handle(inEnvelope(getNonce(nonces, seed))))
app.post('/oauth/nonce', handle(inEnvelope(getNonce(nonces, seed))))
app.post('/auth/login', handle(inEnvelope(login({ nonces, seed, verifySignedContent, log }))))
app.post('/api/sms_verifications', handle(inEnvelope(smsVerification(nonces))))
app.use(handle(async (request) => errorReply(404, 'Not found.', request)))

const failed: ErrorRequestHandler = (error: { readonly status?: number } | undefined, req, res, next) => {
  if (error?.status === undefined) console.error(error)
  handle(async (request) => unreadableReply(error?.status, request))(req, res, next)
}
app.use(failed)

const server = app.listen(settings.port, '127.0.0.1')
process.once('SIGTERM', () => {
  server.close(() => void stores.close().then(() => redis?.disconnect()))
  setTimeout(() => server.closeAllConnections(), 2_000).unref()
})
await once(server, 'listening')
console.log(`listening http://127.0.0.1:${(server.address() as AddressInfo).port}`)
