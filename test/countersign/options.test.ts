import { randomBytes } from 'node:crypto'
import { staticKeys } from '@countersign/verifier'
import { createAuthorizationServer, jwtBearer, refreshToken } from 'countersign'
import { afterAll, describe, expect, it } from 'vitest'
import { answerOf, issuer, newClient, options, servers } from './server-setup.js'

const all = servers()
afterAll(() => all.closeAll())

const messageOf = (changes: object): string => {
  try {
    createAuthorizationServer({ ...options(), ...changes })
  } catch (error) {
    return error instanceof TypeError ? error.message : String(error)
  }
  return 'no error'
}
const long = randomBytes(32)

describe('a wrong option is a TypeError that names it', () => {
  it.each<readonly [string, object, string]>([
    [
      'an issuer that is not a URL',
      { issuer: 'api.example' },
      'issuer must be an http(s) URL without query and fragment, got a string of 11 characters',
    ],
    ['an issuer with a query', { issuer: 'https://api.example?x' }, 'issuer must be an http(s) URL'],
    ['the password grant by name', { grants: ['password'] }, 'grants[0] must be "client_credentials" or "refresh_token" or'],
    ['token exchange by name: it needs a policy', { grants: ['urn:ietf:params:oauth:grant-type:token-exchange'] }, 'grants[0] must be'],
    ['no grants', { grants: [] }, 'grants must be a non-empty array'],
    ['no secret at all', { masterSecret: undefined }, 'masterSecret or secrets.clientPepper must be given, got undefined'],
    [
      'a short master secret',
      { masterSecret: { current: { id: '1', secret: 'short' } } },
      'masterSecret: the secret "1" must have 32 bytes or more, got 5 bytes',
    ],
    [
      'an unset variable',
      { masterSecret: { current: { id: '1', secret: '' } } },
      'masterSecret: the secret "1" must have 32 bytes or more, got 0 bytes',
    ],
    [
      'a short previous secret',
      { masterSecret: { current: { id: '2', secret: long }, previous: [{ id: '1', secret: 'x' }] } },
      'masterSecret: the secret "1" must have 32 bytes or more, got 1 bytes',
    ],
    [
      'an id with a dot',
      { masterSecret: { current: { id: '1.0', secret: long } } },
      'masterSecret: an id must be 1 to 64 letters, digits, _ and -',
    ],
    [
      'the same id twice',
      { masterSecret: { current: { id: '1', secret: long }, previous: [{ id: '1', secret: long }] } },
      'masterSecret must not have a duplicate id',
    ],
    [
      'a further issuer with our name',
      {
        trust: {
          own: staticKeys({
            issuer: 'https://a.example',
            audience: null,
            algorithms: ['HS256'],
            secrets: { current: { id: '1', secret: long } },
          }),
        },
      },
      'trust.own must have another name',
    ],
    [
      'a refresh grant of which we do not know the secrets',
      { grants: [refreshToken({ secrets: { current: { id: '1', secret: long } } })] },
      'secrets.refreshToken must be the secrets of the grant',
    ],
    ['metadata without a key set', { paths: { jwks: false } }, 'metadata.jwksUri must be given where its route is left out, got undefined'],
    ['a path without a slash', { paths: { token: 'token' } }, 'paths.token must be a path such as "/token", or false'],
    [
      'two routes at one path',
      { paths: { token: '/x', revocation: '/x' } },
      'paths.token and paths.revocation must be different, got "/x" for both',
    ],
    [
      'a path that another route has by default',
      { paths: { introspection: '/revoke' } },
      'paths.revocation and paths.introspection must be different, got "/revoke" for both',
    ],
    ['two documents at one path', { paths: { jwks: '/y', metadata: '/y' } }, 'paths.jwks and paths.metadata must be different'],
    [
      'an option of a part',
      { tokenEndpoint: { accessTokenLifetimeSeconds: -1 } },
      'tokenEndpoint.accessTokenLifetimeSeconds must be a number of seconds, 1 or more, got -1',
    ],
    ['what the server itself gives to a part', { tokenEndpoint: { issuer } }, 'unknown option "tokenEndpoint.issuer"'],
  ])('%s', (_what, changes, message) => {
    expect(messageOf(changes)).toContain(`createAuthorizationServer: ${message}`)
  })

  it('no message shows a secret', () => {
    const secret = 'a secret of less than 32 bytes'
    expect(messageOf({ masterSecret: { current: { id: '1', secret } } })).not.toContain(secret)
    const wrong = { current: { id: '1', secret: long, [secret]: true } }
    for (const masterSecret of [{ [secret]: '1' }, wrong, { ...wrong, previous: [wrong.current] }]) {
      expect(messageOf({ masterSecret })).toContain('createAuthorizationServer: unknown option in "masterSecret')
      expect(messageOf({ masterSecret })).not.toContain('of less than')
    }
    expect(messageOf({ masterSecret: { curent: { id: '1', secret: long } } })).toContain(
      'unknown option "masterSecret.curent"; did you mean "masterSecret.current"?',
    )
  })
})

describe('secrets', () => {
  it('each purpose may have its own, and a server without a master secret needs all of them', async () => {
    const secret = { current: { id: 'a', secret: long } }
    const secrets = { keyEncryption: secret, clientPepper: secret, refreshToken: secret }
    const server = all.create({ masterSecret: undefined, secrets } as never)
    expect((await server.health()).secrets).toEqual({ keyEncryption: { a: 1 }, clientPepper: { a: 0 } })
    expect(messageOf({ masterSecret: undefined, secrets: { ...secrets, refreshToken: undefined } })).toContain(
      'masterSecret or secrets.refreshToken',
    )
    expect(messageOf({ masterSecret: undefined, secrets: { clientPepper: secret }, grants: ['client_credentials'] })).toContain(
      'masterSecret or secrets.keyEncryption',
    )
  })

  it('are derived for each purpose alone: what one of them protects opens with no other', async () => {
    const { stores, masterSecret } = options()
    const server = all.create({ stores, masterSecret } as never)
    const basic = await newClient(server)
    await server.ready()
    const other = { current: { id: '1', secret: randomBytes(32) } }
    const form = { grant_type: 'client_credentials' }
    for (const purpose of ['keyEncryption', 'clientPepper'] as const) {
      const changed = all.create({ stores, masterSecret, secrets: { [purpose]: other } } as never)
      expect((await answerOf(changed.routes, 'POST', '/token', { form, basic }))?.status).not.toBe(200)
    }
    const same = all.create({ stores, masterSecret } as never)
    const answer = await answerOf(same.routes, 'POST', '/token', { form, basic })
    expect(answer?.status).toBe(200)
    const refresh = { grant_type: 'refresh_token', refresh_token: String(answer?.body.refresh_token) }
    const changed = all.create({ stores, masterSecret, secrets: { refreshToken: other } } as never)
    expect((await answerOf(changed.routes, 'POST', '/token', { form: refresh, basic }))?.body.error).toBe('invalid_grant')
    expect((await answerOf(same.routes, 'POST', '/token', { form: refresh, basic }))?.status).toBe(200)
  })
})

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

describe('options of parts', () => {
  it('reach them: algorithm, lifetime, audience, claims', async () => {
    const server = all.create({
      resource: 'https://jobs.example',
      keys: { algorithms: ['EdDSA'] },
      tokenEndpoint: { accessTokenLifetimeSeconds: 60, claims: () => ({ tier: 'gold' }) },
      grants: ['client_credentials', jwtBearer()],
    })
    const basic = await newClient(server)
    const { body } =
      (await answerOf(server.routes, 'POST', '/token', { form: { grant_type: 'client_credentials' }, basic })) ?? expect.fail()
    expect(body.expires_in).toBe(60)
    const admission = await server.guard.check({
      method: 'GET',
      url: '/',
      headers: { authorization: `Bearer ${String(body.access_token)}` },
    })
    expect(admission).toMatchObject({ ok: true, auth: { via: 'own', claims: { aud: 'https://jobs.example', tier: 'gold', iss: issuer } } })
  })

  it('nonces and integrations are wired to the same issuer, stores and denylist', async () => {
    const server = all.create()
    await server.ready()
    const nonces = server.nonces({ lifetimeSeconds: 60, purposes: { login: {} } })
    const issued = await nonces.issue({ clientId: 'app' })
    const { token } = issued.ok ? issued : expect.fail()
    await server.revocations.revoke({ type: 'client', issuer, clientId: 'app' })
    expect(await nonces.spend(token, 'login')).toMatchObject({ ok: false, refusal: { reason: 'revoked_client' } })
    await server.revocations.reinstate({ type: 'client', issuer, clientId: 'app' })
    expect(await nonces.spend(token, 'login')).toMatchObject({ ok: true, claims: { iss: issuer, aud: issuer } })
    const integrations = server.integrations({
      settings: { grants: ['client_credentials'] },
      policies: { mayManage: () => true, mayEnroll: () => true },
    })
    const made = await integrations.create({ operator: 'test' }, { entity: 'vendor', title: 'Dispatch' })
    expect(made).toMatchObject({ ok: true })
    expect(await server.clients.list()).toHaveLength(1)
  })
})
