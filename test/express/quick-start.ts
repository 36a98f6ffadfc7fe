import { authOf, protect, requireScopes } from '@countersign/express'
import { cognito, createGuard, jwks } from '@countersign/verifier'
import express from 'express'

const guard = createGuard({
  issuers: {
    cognito: cognito({ userPoolId: 'eu-central-1_AbCdEfGhI', clientId: '1example23456789' }),
    partner: jwks({
      issuer: 'https://partner.example',
      url: 'https://partner.example/.well-known/jwks.json',
      algorithms: ['ES256'],
      audience: 'https://api.example',
    }),
  },
})

export const app = express()

app.get('/me', protect(guard), (req, res) => {
  const auth = authOf(guard, req)
  if (auth.via === 'cognito') res.json({ user: auth.claims.username })
  else res.json({ partner: auth.clientId })
})

app.get('/reports', protect(guard, requireScopes('reports:read')), (_req, res) => {
  res.json([])
})

app.listen(process.env.PORT ?? 3000)
