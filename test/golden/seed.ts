import type { ClientRegistration } from '@countersign/grants'
import { publicJwkOf, type TestKey } from '@countersign/testkit'
import { api, es256Other, es384, grantType, otherApi, rs256Other, secretOf } from './constants.js'
import { begin, type World } from './world.js'

const { exchange, bearer } = grantType
const every = ['client_credentials', 'password', 'refresh_token', exchange, bearer]
const scopes = ['read', 'write', 'admin']
const signing = { authMethods: ['private_key_jwt'], grants: every, isFirstParty: true, scopes: ['read', 'write'] } as const

/** Clients of every kind. A key is registered as `k1`. */
const registrations: readonly (ClientRegistration & { readonly id: string; readonly key?: TestKey })[] = [
  {
    id: 'app',
    title: 'The app',
    owner: 'FD1',
    authMethods: ['client_secret_basic', 'client_secret_post'],
    grants: every,
    isFirstParty: true,
    scopes,
    defaultScopes: ['read', 'write'],
    refresh: { policy: 'rotating', withClientCredentials: true },
  },
  { id: 'signer', ...signing, refresh: { policy: 'rotating', withClientCredentials: true }, key: rs256Other },
  {
    id: 'strict',
    ...signing,
    key: es256Other,
    assertion: {
      issuer: 'https://strict.example',
      audiences: ['urn:strict'],
      maxLifetimeSeconds: 60,
      subjects: ['u-ann'],
      clockToleranceSeconds: 0,
    },
  },
  {
    id: 'lenient',
    ...signing,
    key: es384,
    accessTokenLifetimeSeconds: { client_credentials: 120, [bearer]: 1800 },
    assertion: { jti: 'any', mayOutlive: true, authenticationAudience: 'https://auth.example/token' },
  },
  {
    id: 'public',
    authMethods: ['none'],
    grants: ['password', 'refresh_token'],
    isFirstParty: true,
    scopes,
    refresh: { policy: 'rotating' },
  },
  { id: 'anonymous', authMethods: ['none'], grants: ['password'], isFirstParty: true, scopes: ['read'] },
  {
    id: 'fixed',
    grants: every,
    isFirstParty: true,
    scopes,
    refresh: { policy: 'fixed', lifetimeSeconds: 3600, withClientCredentials: true },
  },
  {
    id: 'limited',
    grants: ['password', 'refresh_token'],
    isFirstParty: true,
    scopes,
    refresh: { policy: 'rotating', retryWindowSeconds: 10, idleLifetimeSeconds: 600, absoluteLifetimeSeconds: 1000 },
  },
  { id: 'narrow', grants: ['client_credentials'], scopes: ['read'], audiences: [otherApi], accessTokenLifetimeSeconds: 60 },
  { id: 'raw', grants: ['client_credentials'], basicEncoding: 'raw' },
  { id: 'locked', grants: ['client_credentials', 'refresh_token'], refresh: { policy: 'rotating', withClientCredentials: true } },
  { id: 'resource', grants: ['client_credentials'] },
  { id: 'gateway', grants: ['client_credentials'] },
  { id: 'foreign', grants: ['client_credentials', 'refresh_token'], audiences: [api], refresh: { policy: 'rotating' } },
]

/** A world whose key is the same in every run, with its clients. */
export async function seed(world: World): Promise<void> {
  await begin(world)
  await seedClients(world)
}

/** Registers the clients. */
export async function seedClients(world: World): Promise<void> {
  for (const { key, ...registration } of registrations) {
    const hasSecret =
      registration.authMethods === undefined || registration.authMethods.some((method) => method.startsWith('client_secret'))
    const made = await world.clients.register({
      ...registration,
      ...(hasSecret && { secret: { secret: secretOf(registration.id), title: 'first' } }),
    })
    if (!made.ok) throw new Error(`${registration.id} is taken`)
    if (key) {
      const registered = await world.registry.clientKeys.register({
        owner: registration.id,
        kid: 'k1',
        jwk: publicJwkOf(key, { kid: undefined }),
      })
      if (!registered.ok) throw new Error(registered.reason)
    }
  }
  await world.clients.lock('locked')
}
