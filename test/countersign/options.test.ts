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
