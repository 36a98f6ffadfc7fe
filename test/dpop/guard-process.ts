import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { protect } from '@countersign/express'
import { redisStores } from '@countersign/redis'
import express from 'express'
import { Redis } from 'ioredis'
import { guardOf, nonceSecrets } from './api-guard.js'

/** A process with an API behind a guard, whose replay store is in Redis. Over IPC it tells its port. */
const [redisUrl = '', prefix = ''] = process.argv.slice(2)
const stores = redisStores(new Redis(redisUrl), { prefix })
await stores.ready()
const guard = guardOf({ senderConstraint: { dpop: { replay: stores.replay, nonce: { secrets: nonceSecrets } } } })
const app = express().get('/v1/orders', protect(guard), (_req, res) => void res.json({ ok: true }))
const server = createServer(app).listen(0, '127.0.0.1', () => process.send?.({ value: (server.address() as AddressInfo).port }))
