import { authOf, protect } from '@countersign/koa'
import { createGuard, oidc, requireScopes } from '@countersign/verifier'
import Koa from 'koa'

const guard = createGuard({
  issuers: { login: oidc({ issuer: 'https://login.example', audience: 'https://api.example', algorithms: ['RS256'] }) },
})

const app = new Koa()
app.use(protect(guard, requireScopes('read')))
app.use((ctx) => {
  ctx.body = authOf(guard, ctx).claims
})
