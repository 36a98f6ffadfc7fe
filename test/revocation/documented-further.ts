import { randomBytes } from 'node:crypto'
import { jsonReply, type Lifecycle, type Stores, type TokenVerifier } from '@countersign/core'
import { asyncHandler, handle, protect } from '@countersign/express'
import { type Clients, createClientAuthenticator, type ExchangePolicy, type Grant, jwtBearer, tokenExchange } from '@countersign/grants'
import { hostUsers, passwordGrants } from '@countersign/grants/password'
import type { Integrations } from '@countersign/integrations'
import { createNonces } from '@countersign/nonce'
import type { ResourceGuard, SharedRevocations } from '@countersign/verifier'
import type { Express, Request } from 'express'

const issuer = 'https://api.example'

/** A client speaks for whom it likes. Whom another client's token is about gets another name. */
const policy: ExchangePolicy = ({ client, presented: { subject = client.id, claims } }) => {
  const isOther = claims.client_id !== undefined && claims.client_id !== client.id
  return { allow: true, isPerson: subject !== client.id, subject: isOther ? `partner-${subject}` : subject }
}

/** Everybody is a user with the password `right`; names that begin with `code-` need the code 000000, too. */
const authenticator = hostUsers({
  findUser: async (username) => ({ subject: username, passwordHash: 'right', needsCode: username.startsWith('code-') }),
  verifyPassword: async (hash, password) => hash === password,
  unknownUserHash: 'unknown',
  sendCode: async () => undefined,
  randomInt: () => 0,
})

/** Grants of docs/grants.md and docs/assertions.md. The verifier is asked for late: the guard is made after them. */
export function furtherGrants(verifierOf: () => TokenVerifier): readonly Grant[] {
  const trusted = { verifier: { verify: (token: string) => verifierOf().verify(token) }, audiences: [issuer] }
  return [...passwordGrants({ authenticator }), jwtBearer({ policy }), tokenExchange({ policy, trusted })]
}

interface FurtherParts {
  readonly app: Express
  readonly stores: Stores
  readonly clients: Clients
  readonly guard: ResourceGuard
  readonly integrations: Integrations
  readonly revocations: SharedRevocations
}

/** A form that is taken once (docs/nonces.md), and a route of a department (docs/integrations.md). */
export function mountFurther({ app, stores, clients, guard, integrations, revocations }: FurtherParts): Pick<Lifecycle, 'ready'> {
  const secret = process.env.NONCE_SECRET ?? randomBytes(64)
  const nonces = createNonces({
    issuer,
    audience: 'form',
    lifetimeSeconds: 600,
    secrets: { current: { id: '1', secret } },
    store: stores.nonces,
    revocations,
    purposes: { form: {} },
  })
  const authenticate = createClientAuthenticator({ issuer, clients, stores })
  app.post(
    '/v1/nonce',
    handle(async (request) => {
      const who = await authenticate(request)
      if (!who.ok) return who.reply
      const sub = new URL(request.url ?? '/', issuer).searchParams.get('sub') ?? ''
      const issued = await nonces.issue({ ...who, claims: { sub } })
      return issued.ok ? jsonReply(200, { token: issued.token, jti: issued.jti, exp: issued.expiresAt }) : jsonReply(429, {})
    }),
  )
  app.post(
    '/form',
    asyncHandler(async (req, res) => {
      const spent = await nonces.spend(req.get('nonce') ?? '', 'form')
      res.status(spent.ok ? 200 : 401).json(spent.ok ? {} : { reason: spent.refusal.reason })
    }),
  )
  const enrolled = integrations.enrolledFor((req: Request) => req.params.id)
  app.get('/departments/:id/jobs', protect(guard, enrolled), (_req, res) => {
    res.json({ jobs: [] })
  })
  return nonces
}
