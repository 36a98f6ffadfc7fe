import { createHash, randomUUID, sign, timingSafeEqual } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { handle } from '@countersign/express'
import { clientCredentials, createClients, createTokenEndpoint } from '@countersign/grants'
import { privateKeyOf, testKeys } from '@countersign/testkit'
import { AuthorizationServer, type JwtInterface } from '@jmondi/oauth2-server'
import { handleExpressResponse, requestFromExpress } from '@jmondi/oauth2-server/express'
import OAuth2Server from '@node-oauth/oauth2-server'
import express, { type Express } from 'express'
import jsonwebtoken from 'jsonwebtoken'
import { Provider } from 'oidc-provider'
import { audience, benchKey, issuer } from './tokens.js'

/** Algorithms that tokens are signed with here. */
export type GrantAlgorithm = 'ES256' | 'RS256'

/** Signs claims as hosts of these libraries do, with a key that is parsed once. */
function jsonwebtokenSign(alg: GrantAlgorithm): (claims: object) => string {
  const source = { ES256: testKeys.es256, RS256: testKeys.rs256 }[alg]
  const key = privateKeyOf(source)
  return (claims) => jsonwebtoken.sign(claims, key, { algorithm: alg, keyid: source.kid })
}

/** The client that every app knows. */
export const client = {
  id: 'f3b1c9d2-58aa-4d0e-9c11-7e20b4a86f55',
  secret: 'cs_4f1d0c8f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d',
}
const scopes = ['records:read', 'records:write']
const lifetimeSeconds = 900

/** Signs claims with node:crypto and nothing else. */
function rawSign(alg: GrantAlgorithm): (claims: object) => string {
  const source = { ES256: testKeys.es256, RS256: testKeys.rs256 }[alg]
  const key = privateKeyOf(source)
  const header = Buffer.from(JSON.stringify({ alg, typ: 'at+jwt', kid: source.kid })).toString('base64url')
  const signing = alg === 'ES256' ? ({ key, dsaEncoding: 'ieee-p1363' } as const) : key
  return (claims) => {
    const input = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
    return `${input}.${sign('sha256', Buffer.from(input), signing).toString('base64url')}`
  }
}

function claimsNow(): Readonly<Record<string, unknown>> {
  const iat = Math.floor(Date.now() / 1000)
  const subject = { iss: issuer, sub: client.id, aud: audience, client_id: client.id, scope: scopes.join(' ') }
  return { ...subject, iat, exp: iat + lifetimeSeconds, jti: randomUUID(), client_credential: `secret:${client.id}:0123456789abcdef` }
}

/** What nobody can do without: the framework, its parser of forms, one signature, an answer. No client is authenticated. */
function withRawSign(alg: GrantAlgorithm): Express {
  const signed = rawSign(alg)
  const app = express()
  app.post('/token', express.urlencoded({ extended: false }), (_req, res) => {
    res.set({ 'cache-control': 'no-store', pragma: 'no-cache' })
    res.json({ access_token: signed(claimsNow()), token_type: 'Bearer', expires_in: lifetimeSeconds, scope: scopes.join(' ') })
  })
  return app
}

/** Ours, with all that it does by default; a limit is counted, and high enough for a bench. */
async function withCountersign(alg: GrantAlgorithm): Promise<Express> {
  const stores = memoryStores()
  const pepper = { current: { id: '1', secret: 'a pepper of the benches, known to everybody' } }
  const clients = createClients({ store: stores.clients, pepper })
  await clients.register({ id: client.id, secret: { secret: client.secret }, grants: ['client_credentials'], scopes })
  const { signer } = benchKey(alg)
  const budget = { limit: 1_000_000_000, windowSeconds: 60 }
  const endpoint = createTokenEndpoint({
    issuer,
    audience,
    stores,
    clients,
    signer: { current: () => signer },
    grants: [clientCredentials()],
    rateLimits: { requests: budget, failures: budget },
  })
  const app = express()
  app.post('/token', handle(endpoint))
  return app
}

function withOidcProvider(alg: GrantAlgorithm): Express {
  const { jwk } = { ES256: testKeys.es256, RS256: testKeys.rs256 }[alg]
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: alg,
        scope: scopes.join(' '),
      },
    ],
    scopes,
    jwks: { keys: [jwk] },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => audience,
        getResourceServerInfo: async () => ({
          scope: scopes.join(' '),
          audience,
          accessTokenFormat: 'jwt',
          accessTokenTTL: lifetimeSeconds,
          jwt: { sign: { alg } },
        }),
      },
    },
  })
  const app = express()
  app.use(provider.callback())
  return app
}

const hash = (text: string): Buffer => createHash('sha256').update(text).digest()
const kept = hash(client.secret)
/** As a careful host compares. */
const isSecret = (secret: string | undefined): boolean => timingSafeEqual(hash(secret ?? ''), kept)

/** It makes opaque tokens unless it is told otherwise. */
function withNodeOauth(alg: GrantAlgorithm): Express {
  const signed = jsonwebtokenSign(alg)
  const known = { id: client.id, grants: ['client_credentials'], accessTokenLifetime: lifetimeSeconds }
  const server = new OAuth2Server({
    model: {
      getClient: async (id, secret) => (id === client.id && isSecret(secret) ? known : false),
      getUserFromClient: async () => ({ id: client.id }),
      validateScope: async (_user, _client, asked) => asked ?? scopes,
      generateAccessToken: async () => signed(claimsNow()),
      saveToken: async (token, of, user) => ({ ...token, client: of, user }),
      getAccessToken: async () => false,
    },
  })
  const app = express()
  app.post('/token', express.urlencoded({ extended: false }), async (req, res) => {
    const response = new OAuth2Server.Response(res)
    try {
      await server.token(new OAuth2Server.Request(req), response)
    } catch {
      // The answer is in the response.
    }
    res
      .set(response.headers)
      .status(response.status ?? 500)
      .json(response.body)
  })
  return app
}

/** Its own service signs with jsonwebtoken, and HS256 only. */
function withJmondi(alg: GrantAlgorithm): Express {
  const signed = jsonwebtokenSign(alg)
  const named = scopes.map((name) => ({ name }))
  const known = {
    id: client.id,
    name: 'bench',
    secret: client.secret,
    redirectUris: [],
    allowedGrants: ['client_credentials' as const],
    scopes: named,
  }
  const unused = async (): Promise<never> => Promise.reject(new Error('not used by this grant'))
  const jwt: JwtInterface = {
    verify: unused,
    decode: () => null,
    sign: async (payload) => signed({ ...claimsNow(), ...(payload as object) }),
  }
  const server = new AuthorizationServer(
    { getByIdentifier: async () => known, isClientValid: async (_grant, _client, secret) => isSecret(secret) },
    {
      issueToken: async (of, granted) => ({
        accessToken: randomUUID(),
        accessTokenExpiresAt: new Date(Date.now() + lifetimeSeconds * 1000),
        client: of,
        scopes: granted,
      }),
      persist: async () => undefined,
      issueRefreshToken: unused,
      revoke: unused,
      isRefreshTokenRevoked: unused,
      getByRefreshToken: unused,
    },
    { getAllByIdentifiers: async (names) => named.filter(({ name }) => names.includes(name)), finalize: async () => named },
    jwt,
    { issuer },
  )
  server.enableGrantTypes('client_credentials')
  const app = express()
  app.post('/token', express.urlencoded({ extended: false }), async (req, res) => {
    try {
      handleExpressResponse(res, await server.respondToAccessTokenRequest(requestFromExpress(req)))
    } catch {
      res.status(401).json({ error: 'invalid_client' })
    }
  })
  return app
}

/** The baseline. */
export const rawApp = 'Express, urlencoded and one signature'

/** Express apps that answer `client_credentials` and differ in who issues the token. */
export const grantsApps: Readonly<Record<string, (alg: GrantAlgorithm) => Express | Promise<Express>>> = {
  [rawApp]: withRawSign,
  countersign: withCountersign,
  'oidc-provider': withOidcProvider,
  '@node-oauth/oauth2-server': withNodeOauth,
  '@jmondi/oauth2-server': withJmondi,
}
