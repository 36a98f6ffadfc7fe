import { afterAll, describe, expect, it } from 'vitest'
import { answerOf, issuer, newClient, type options, servers } from './server-setup.js'

const all = servers()
afterAll(() => all.closeAll())

describe('routes', () => {
  const pathsOf = (changes: Partial<ReturnType<typeof options>>): readonly string[] =>
    all.create(changes).routes.map(({ method, path }) => `${method} ${path}`)

  it('stand below the path of the issuer, and the metadata where RFC 8414 says', async () => {
    const server = all.create({ issuer: 'https://api.example/auth' })
    expect(server.routes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /auth/token',
      'POST /auth/revoke',
      'POST /auth/introspect',
      'GET /auth/.well-known/jwks.json',
      'GET /.well-known/oauth-authorization-server/auth',
    ])
    expect((await answerOf(server.routes, 'GET', '/.well-known/oauth-authorization-server/auth'))?.body).toMatchObject({
      issuer: 'https://api.example/auth',
      token_endpoint: 'https://api.example/auth/token',
      revocation_endpoint: 'https://api.example/auth/revoke',
      introspection_endpoint: 'https://api.example/auth/introspect',
      jwks_uri: 'https://api.example/auth/.well-known/jwks.json',
      grant_types_supported: ['client_credentials', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    })
  })

  it('are configurable, and each can be left out', async () => {
    const paths = { token: '/oauth/token', introspection: false, metadata: '/meta' } as const
    expect(pathsOf({ paths })).toEqual(['POST /oauth/token', 'POST /revoke', 'GET /.well-known/jwks.json', 'GET /meta'])
    const { body } = (await answerOf(all.create({ paths }).routes, 'GET', '/meta')) ?? expect.fail()
    expect([body.token_endpoint, body.introspection_endpoint]).toEqual(['https://api.example/oauth/token', undefined])
    expect(pathsOf({ paths: { token: false, revocation: false, introspection: false, jwks: false, metadata: false } })).toEqual([])
  })

  it('an option that is undefined is left out', async () => {
    const undefinedOnes = {
      paths: { token: undefined },
      metadata: { jwksUri: undefined },
      revocations: { onStale: undefined },
      own: { audience: undefined },
      tokenEndpoint: { audience: undefined },
      introspectionEndpoint: { audiencesOf: undefined },
      refreshToken: { providers: undefined },
    }
    const server = all.create(undefinedOnes as never)
    expect(server.routes.map(({ path }) => path)).toEqual(all.create().routes.map(({ path }) => path))
  })

  it('a key set elsewhere is named by its URL', async () => {
    const server = all.create({ paths: { jwks: false }, metadata: { jwksUri: 'https://keys.example/jwks' } })
    const { body } = (await answerOf(server.routes, 'GET', '/.well-known/oauth-authorization-server')) ?? expect.fail()
    expect(body.jwks_uri).toBe('https://keys.example/jwks')
  })

  it('have the metadata of the resource where the guard publishes it', () => {
    expect(pathsOf({ guard: { metadata: {} } })).toContain('GET /.well-known/oauth-protected-resource')
  })

  it('revoke and introspect tokens, refresh tokens too', async () => {
    const server = all.create()
    const basic = await newClient(server)
    const { body } =
      (await answerOf(server.routes, 'POST', '/token', { form: { grant_type: 'client_credentials' }, basic })) ?? expect.fail()
    const isActive = async (token: unknown): Promise<unknown> =>
      (await answerOf(server.routes, 'POST', '/introspect', { form: { token: String(token) }, basic }))?.body.active
    expect([await isActive(body.access_token), await isActive(body.refresh_token)]).toEqual([true, true])
    expect((await answerOf(server.routes, 'POST', '/revoke', { form: { token: String(body.refresh_token) }, basic }))?.status).toBe(200)
    expect([await isActive(body.access_token), await isActive(body.refresh_token)]).toEqual([false, false])
  })

  it('a client sees no token of another client, unless audiencesOf says that it answers for its audience', async () => {
    const see = async (changes: Partial<ReturnType<typeof options>>): Promise<unknown> => {
      const server = all.create(changes)
      const [owner, other] = [await newClient(server), await newClient(server, 'gateway')]
      const { body } =
        (await answerOf(server.routes, 'POST', '/token', { form: { grant_type: 'client_credentials' }, basic: owner })) ?? expect.fail()
      return (await answerOf(server.routes, 'POST', '/introspect', { form: { token: String(body.access_token) }, basic: other }))?.body
        .active
    }
    expect(await see({})).toBe(false)
    expect(await see({ introspectionEndpoint: { audiencesOf: () => [issuer] } })).toBe(true)
  })
})
