import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { createNonces } from '@countersign/nonce'
import express from 'express'

const nonces = createNonces({
  issuer: 'https://app.example',
  audience: 'login-form',
  ttlSeconds: 600,
  secrets: { current: { id: '2027', secret: process.env.NONCE_SECRET ?? randomBytes(64) } },
  store: memoryStores().nonces,
  purposes: { login: {} },
})

export const app = express()

app.get('/login', async (_req, res) => {
  const nonce = await nonces.issue({ clientId: 'login-form' })
  res.send(`<form method="post"><input type="hidden" name="nonce" value="${nonce.ok ? nonce.token : ''}">…</form>`)
})

app.post('/login', express.urlencoded(), async (req, res) => {
  const { nonce = '' }: { nonce?: string } = req.body ?? {}
  const spent = await nonces.spend(nonce, 'login')
  if (spent.ok) res.send('now compare the password')
  else res.status(401).send('This form was sent already, or is too old. Please load it again.')
})
