import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { handle } from '@countersign/express'
import { createNonceEndpoint, createNonces } from '@countersign/nonce'
import express from 'express'

const nonces = createNonces({
  issuer: 'https://api.example',
  audience: 'sign-up',
  ttlSeconds: 900,
  secrets: { current: { id: '2027', secret: process.env.NONCE_SECRET ?? randomBytes(64) } },
  store: memoryStores().nonces, // redisStores(…).nonces or postgresStores(…).nonces where several processes run
  purposes: { 'verify-phone': {}, register: {} }, // each once
})

const clients = new Map([['app', { clientId: 'app', isBlocked: false, requiresSecret: false, verifySecret: () => false }]])

export const app = express()

app.post('/nonce', handle(createNonceEndpoint({ nonces, findClient: async (id) => clients.get(id) })))

for (const purpose of ['verify-phone', 'register'] as const) {
  app.post(`/${purpose}`, async (req, res) => {
    const spent = await nonces.spend(req.get('nonce') ?? '', purpose)
    if (spent.ok) res.json({ done: purpose })
    else res.status(401).json({ error: spent.refusal.code })
  })
}

app.listen(process.env.PORT ?? 3000)
