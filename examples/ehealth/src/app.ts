import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { handle } from '@countersign/express'
import { createNonces } from '@countersign/nonce'
import { redisStores } from '@countersign/redis'
import express, { type ErrorRequestHandler, type Response } from 'express'
import { errorReply, inEnvelope } from './envelope.js'
import { getNonce } from './get-nonce.js'
import { login, type Purpose, smsVerification } from './redeem.js'
import { openRedis } from './redis.js'
import { loadSeed } from './seed.js'
import { compactJwsVerifier } from './signed-content.js'

const { env } = process

function ttlMinutes(): number {
  const minutes = Number(env.JWT_LOGIN_TTL?.trim() || Number.NaN)
  if (Number.isFinite(minutes) && minutes > 0) return minutes
  console.error('JWT_LOGIN_TTL is required: the life of a nonce in minutes, a positive number. For a first try: JWT_LOGIN_TTL=15')
  process.exit(1)
}

const ttlSeconds = ttlMinutes() * 60
const { seed, digest } = await loadSeed(env.SEED_FILE)
const redis = await openRedis(env.REDIS_URL)
if (redis === undefined) console.log('no Redis: nonces are kept in the memory of this process')
const stores: Stores = redis ? redisStores(redis, { prefix: `ehealth:${digest}`, maxWaitMs: 800 }) : memoryStores()

const lists = ['mithril-login', 'trusted-client']
const nonces = createNonces<Purpose>({
  issuer: 'EHealth',
  ttlSeconds,
  store: stores.nonces,
  // The first secret has no name, and its tokens no kid; later ones are named beside it.
  secrets: { current: { id: '', secret: env.JWT_SECRET ?? randomBytes(64).toString('hex') } },
  typ: 'JWT',
  audience: 'mithril-login',
  purposes: { login: { audiences: lists }, sms_verification: { audiences: lists } },
  notBeforeSkewSeconds: 1,
  claims: () => ({ sub: 'nonce', nonce: randomUUID(), typ: 'access' }),
})

function send(res: Response, reply: ReturnType<typeof errorReply>): void {
  res
    .status(reply.status)
    .set(reply.headers as Record<string, string>)
    .send(reply.body)
}

const failed: ErrorRequestHandler = (error: unknown, req, res, _next) => {
  const status = Number((error as { status?: unknown }).status ?? 500)
  const texts: Record<number, string> = { 400: 'Malformed request.', 413: 'Request is too large.', 415: 'Invalid Content-Type header.' }
  const known = status in texts ? status : 500
  if (known === 500) console.error(error)
  send(res, errorReply(known, texts[known] ?? 'Internal error.', { url: req.originalUrl, headers: req.headers }))
}

const app = express()
app.use(express.json({ limit: '100kb' }))
app.get('/oauth/nonce', handle(inEnvelope(getNonce(nonces, seed))))
app.post('/oauth/nonce', handle(inEnvelope(getNonce(nonces, seed))))
app.post('/auth/login', handle(inEnvelope(login({ nonces, seed, verifySignedContent: compactJwsVerifier(seed) }))))
app.post('/api/sms_verifications', handle(inEnvelope(smsVerification(nonces))))
app.use((req, res) => send(res, errorReply(404, 'Not found.', { url: req.originalUrl, headers: req.headers })))
app.use(failed)

const server = app.listen(Number(env.PORT ?? 3000), '127.0.0.1')
process.once('SIGTERM', () => {
  server.close()
  void stores.close().then(() => redis?.disconnect())
})
await once(server, 'listening')
console.log(`listening http://127.0.0.1:${(server.address() as AddressInfo).port}`)
