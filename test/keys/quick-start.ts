import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { authOf, protect, routes } from '@countersign/express'
import { signJwt } from '@countersign/jwt'
import { createKeyRegistry } from '@countersign/keys'
import { createGuard, ownIssuer } from '@countersign/verifier'
import express from 'express'

const issuer = 'https://api.example'
const stores = memoryStores() // redisStores(…) or postgresStores(…) where several processes run

const keys = createKeyRegistry({
  issuer,
  store: stores.keys,
  revocations: stores.revocations,
  encryption: { current: { id: '2027', secret: process.env.KEY_ENCRYPTION_KEY ?? randomBytes(32) } },
})

const guard = createGuard({
  issuers: { own: ownIssuer({ issuer, keys: keys.source, algorithms: ['ES256'], audience: issuer }) },
})

export const app = express()

app.use(routes(keys.jwks())) // /.well-known/jwks.json

app.post('/token', async (_req, res) => {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer, aud: issuer, sub: 'alice', iat: now, exp: now + 300 }
  res.json({ access_token: await signJwt(claims, { signer: await keys.signer.current(), typ: 'at+jwt' }) })
})

app.get('/me', protect(guard), (req, res) => {
  res.json({ subject: authOf(guard, req).subject })
})

await keys.ready() // makes the first key where there is none; never rejects: { ok, parts }
app.listen(process.env.PORT ?? 3000)
