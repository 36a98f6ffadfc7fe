import { authOf, protect, requireScopes } from '@countersign/koa'
import { cognito, createGuard, jwks } from '@countersign/verifier'
import Router from '@koa/router'
import Koa from 'koa'

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

const router = new Router()

router.get('/me', protect(guard), (ctx) => {
  const auth = authOf(guard, ctx)
  ctx.body = auth.via === 'cognito' ? { user: auth.claims.username } : { partner: auth.clientId }
})

router.get('/reports', protect(guard, requireScopes('reports:read')), (ctx) => {
  ctx.body = []
})

export const app = new Koa().use(router.routes())

app.listen(process.env.PORT ?? 3000)
