import { authOf, protect } from '@countersign/express'
import { cognito, createGuard, jwks, requireScopes } from '@countersign/verifier'
import express from 'express'

const guard = createGuard({
  resource: 'https://api.example',
  issuers: {
    cognito: cognito({ region: 'eu-central-1', userPoolId: 'eu-central-1_example', clientId: 'app' }),
    partner: jwks({
      issuer: 'https://partner.example',
      url: 'https://partner.example/jwks.json',
      algorithms: ['ES256'],
      audience: 'https://api.example',
    }),
  },
})

const app = express()
app.get('/me', protect(guard, requireScopes('read')), (req, res) => {
  const auth = authOf(guard, req)
  const via: 'cognito' | 'partner' = auth.via
  res.json({ via, claims: auth.claims })
})
