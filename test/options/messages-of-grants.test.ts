import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, createClients, createTokenEndpoint, jwtBearer } from '@countersign/grants'
import { passwordGrants } from '@countersign/grants/password'
import { expect, it } from 'vitest'

// What the compiler would refuse is given here on purpose: many hosts are written in JavaScript.
type Loose = (options: unknown) => unknown
const loose = (make: (options: never) => unknown): Loose => make as Loose

const pepper = { current: { id: '1', secret: 'k'.repeat(32) } }
const clients = createClients({ store: memoryStores().clients, pepper })

it.each<[string, object, string]>([
  ['a slip', { isfirstparty: true }, 'client: unknown option "isfirstparty"; did you mean "isFirstParty"?'],
  ['in the first secret', { secret: { expires: 1 } }, 'client: unknown option "secret.expires"; did you mean "secret.expiresAt"?'],
  [
    'in the policy of refresh tokens',
    { refresh: { policy: 'rotating', idle: 60 } },
    'client: unknown option "refresh.idle"; did you mean "refresh.idleLifetimeSeconds"?',
  ],
  [
    'an option of another policy',
    { refresh: { policy: 'rotating', lifetimeSeconds: 60 } },
    'client: unknown option "refresh.lifetimeSeconds"; the options of refresh are policy, retryWindowSeconds, idleLifetimeSeconds, absoluteLifetimeSeconds, withClientCredentials',
  ],
  [
    'a policy',
    { refresh: { policy: 'rotate', idleLifetimeSeconds: 60 } },
    'client: refresh.policy must be "none" or "fixed" or "rotating", got "rotate"',
  ],
  [
    'a policy without what it needs',
    { refresh: { policy: 'fixed' } },
    'client: refresh.lifetimeSeconds must be a number of seconds, more than 0, got undefined',
  ],
  [
    'in the rules for assertions',
    { assertion: { maxLifetime: 60 } },
    'client: unknown option "assertion.maxLifetime"; did you mean "assertion.maxLifetimeSeconds"?',
  ],
  [
    'a life by grant type',
    { accessTokenLifetimeSeconds: { password: 0 } },
    'client: accessTokenLifetimeSeconds.password must be a number of seconds, more than 0, got 0',
  ],
  [
    'grants as a string',
    { grants: 'client_credentials' },
    'client: grants must be a non-empty array, each item a non-empty string, got a string of 18 characters; one item must be in an array, too',
  ],
])('settings of a client, %s', async (_what, settings, message) => {
  const registration = { grants: ['client_credentials'], ...settings }
  await expect(clients.register(registration)).rejects.toThrow(new TypeError(message))
})

it('changes of a client and further secrets are checked in the same way', async () => {
  const registered = await clients.register({ id: 'app', grants: ['client_credentials'] })
  expect(registered.ok).toBe(true)
  await expect(clients.update('app', { scope: ['a'] } as object)).rejects.toThrow('client: unknown option "scope"; did you mean "scopes"?')
  await expect(clients.update('app', { grants: undefined })).rejects.toThrow('client: grants must be a non-empty array, got undefined')
  await expect(clients.addSecret('app', { notbefore: 1 } as object)).rejects.toThrow(
    'unknown option "notbefore"; did you mean "notBefore"?',
  )
  expect(await clients.update('app', { scopes: undefined, owner: 'us' })).toMatchObject({ scopes: [], owner: 'us' })
})

const endpoint = { issuer: 'https://a.test', audience: 'api', signer: { current: () => undefined }, stores: memoryStores(), clients }

it.each<[string, (options: never) => unknown, unknown, string]>([
  [
    'a budget',
    createTokenEndpoint,
    { ...endpoint, grants: [clientCredentials()], rateLimits: { failures: { limit: 1, windowMs: 5 } } },
    'createTokenEndpoint: unknown option "rateLimits.failures.windowMs"; did you mean "rateLimits.failures.windowSeconds"?',
  ],
  [
    'a factory among the grants',
    createTokenEndpoint,
    { ...endpoint, grants: [clientCredentials] },
    'createTokenEndpoint: grants[0] must be a grant: call its factory, as in clientCredentials(), and spread the list that passwordGrants(…) returns, got a function',
  ],
  [
    'limits of guesses',
    passwordGrants,
    { limits: { password: {} } },
    'passwordGrants: unknown option "limits.password"; did you mean "limits.passwords"?',
  ],
  [
    'trusted tokens',
    jwtBearer,
    { trusted: { verifier: {}, audience: 'a' } },
    'jwtBearer: unknown option "trusted.audience"; did you mean "trusted.audiences"?',
  ],
  [
    'options of a grant',
    clientCredentials,
    { expiresIn: 60 },
    'clientCredentials: unknown option "expiresIn"; did you mean "accessTokenLifetimeSeconds"?',
  ],
])('options of an authorization server, %s', (_what, make, options, message) => {
  expect(() => loose(make)(options)).toThrow(new TypeError(message))
})
