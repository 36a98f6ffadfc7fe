import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createSigner, signJwt } from '@countersign/jwt'
import { authOf, fromIssuers, protect, requireScopes } from '@countersign/koa'
import { cognito, createGuard, staticKeys } from '@countersign/verifier'
import Router from '@koa/router'
import Koa from 'koa'

const { env } = process
const issuer = env.OWN_ISSUER ?? 'https://issuer.example'
const audience = env.OWN_AUDIENCE ?? 'https://api.example'
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })

// Two issuers, each under its own rules. A key of one is never tried on a token of the other.
const guard = createGuard({
  realm: 'quickstart',
  issuers: {
    cognito: cognito({
      userPoolId: env.COGNITO_USER_POOL_ID ?? 'eu-central-1_Example00',
      clientId: env.COGNITO_CLIENT_ID ?? 'example-client',
      ...(env.COGNITO_ENDPOINT && { endpoint: env.COGNITO_ENDPOINT }), // of an emulator; without it, AWS
    }),
    own: staticKeys({
      issuer,
      audience,
      algorithms: ['ES256'],
      keys: env.OWN_JWKS ? (JSON.parse(env.OWN_JWKS) as Record<string, unknown>) : pair.publicKey,
    }),
  },
})

const router = new Router()
router.get('/patients', protect(guard, fromIssuers('cognito')), (ctx) => {
  ctx.body = { patientsOf: authOf(guard, ctx).subject }
})

router.get('/jobs', protect(guard, fromIssuers('own'), requireScopes('jobs:read')), (ctx) => {
  ctx.body = { jobsFor: authOf(guard, ctx).clientId }
})

router.get('/me', protect(guard), (ctx) => {
  const auth = authOf(guard, ctx)
  // `via` tells the issuer and narrows the claims.
  ctx.body = auth.via === 'cognito' ? { via: auth.via, user: auth.claims.username } : { via: auth.via, client: auth.clientId }
})

const server = new Koa().use(router.routes()).listen(Number(env.PORT ?? 3000), '127.0.0.1')
process.once('SIGTERM', () => {
  server.close()
  void guard.close()
})
await once(server, 'listening')
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
console.log(`listening ${url}`)
if (!env.OWN_JWKS) {
  const claims = { iss: issuer, aud: audience, exp: Date.now() / 1000 + 3600, sub: 'job-1', client_id: 'batch', scope: 'jobs:read' }
  const signing = { signer: createSigner({ key: pair.privateKey, algorithm: 'ES256' }), typ: 'at+jwt' }
  console.log(`curl -H 'authorization: Bearer ${await signJwt(claims, signing)}' ${url}/jobs`)
}
