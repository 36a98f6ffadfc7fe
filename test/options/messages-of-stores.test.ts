import { createCognito } from '@countersign/cognito'
import { memoryStores } from '@countersign/core/memory'
import { createIntegrations, integrationRoutes } from '@countersign/integrations'
import { createKeyRegistry } from '@countersign/keys'
import { createNonces } from '@countersign/nonce'
import { migrate, postgresStores } from '@countersign/postgres'
import { nodeRedisStores, redisStores } from '@countersign/redis'
import { createFakeIssuer } from '@countersign/testkit'
import { expect, it } from 'vitest'

// What the compiler would refuse is given here on purpose: many hosts are written in JavaScript.
type Call = (...args: readonly unknown[]) => unknown
const loose = (make: (...args: never) => unknown): Call => make as Call

const nothing = (): undefined => undefined
const policies = { mayManage: nothing, mayEnrol: nothing }
const client = { defineCommand: nothing }
const pool = { connect: nothing }
const nonces = {
  issuer: 'a',
  lifetimeSeconds: 60,
  store: memoryStores().nonces,
  audience: 'b',
  secrets: { current: { id: '', secret: 'x'.repeat(64) } },
}

it.each<[string, Call, readonly unknown[], string]>([
  [
    'a policy',
    loose(createIntegrations),
    [{ policies }],
    'createIntegrations: unknown option "policies.mayEnrol"; did you mean "policies.mayEnroll"?',
  ],
  [
    'a path',
    loose(integrationRoutes),
    [{}, { paths: { enrollments: { ofEntitys: '/' } } }],
    'integrationRoutes: unknown option "paths.enrollments.ofEntitys"; did you mean "paths.enrollments.ofEntity"?',
  ],
  [
    'the words of an answer',
    loose(integrationRoutes),
    [{}, { dialect: { fail: nothing } }],
    'integrationRoutes: unknown option "dialect.fail"; the options of dialect are created, integrations, credential, enrollment, enrollments, refusal',
  ],
  [
    'a purpose',
    loose(createNonces),
    [{ ...nonces, purposes: { login: { audience: ['b'] } } }],
    'createNonces: unknown option "purposes.login.audience"; did you mean "purposes.login.audiences"?',
  ],
  [
    'a secret',
    loose(createNonces),
    [{ ...nonces, purposes: { login: {} }, secret: 'x' }],
    'createNonces: unknown option "secret"; did you mean "secrets"?',
  ],
  [
    'a key-encryption key',
    loose(createKeyRegistry),
    [{ encryption: { current: { id: 'a', key: 'x' } } }],
    'createKeyRegistry: unknown option in "encryption.current", whose name is not shown because it may be a secret; the options of encryption.current are id, secret',
  ],
  ['of Redis', loose(redisStores), [client, { keyPrefix: 'a' }], 'redisStores: unknown option "keyPrefix"; did you mean "prefix"?'],
  [
    'of Redis, through the package redis',
    loose(nodeRedisStores),
    [client, { prefix: 'a', maxwaitms: 5 }],
    'nodeRedisStores: unknown option "maxwaitms"; did you mean "maxWaitMs"?',
  ],
  [
    'a client of another package',
    loose(nodeRedisStores),
    [client, { prefix: 'a' }],
    'nodeRedisStores: the first argument must be a client of createClient, createSentinel or createCluster of the package redis, 5 or 6, got a client of ioredis: give it to redisStores',
  ],
  [
    'a client of an earlier major',
    loose(nodeRedisStores),
    [{ sendCommand: nothing, duplicate: nothing }, { prefix: 'a' }],
    'nodeRedisStores: the first argument must be a client of createClient, createSentinel or createCluster of the package redis, 5 or 6, got a client of redis 4 or earlier',
  ],
  [
    'a client of another package, the other way round',
    loose(redisStores),
    [{ sendCommand: () => undefined }, { prefix: 'a' }],
    'redisStores: the first argument must be an ioredis client, got a client of the package redis: give it to nodeRedisStores',
  ],
  [
    'a choice of Redis',
    loose(redisStores),
    [client, { prefix: 'a', durability: 'waits' }],
    'redisStores: durability must be "server" or "wait", got "waits"; did you mean "wait"?',
  ],
  [
    'of PostgreSQL',
    loose(postgresStores),
    [pool, { schema: 'a', timeout: 5 }],
    'postgresStores: unknown option "timeout"; did you mean "maxWaitMs"?',
  ],
  [
    'of Cognito',
    loose(createCognito),
    [{ userPoolId: 'eu-central-1_a', clientId: 'a', secret: 'b' }],
    'createCognito: unknown option "secret"; did you mean "clientSecret"?',
  ],
])('%s', (_what, call, args, message) => {
  expect(() => call(...args)).toThrow(new TypeError(message))
})

it('of what is made later', async () => {
  await expect(loose(migrate)(pool, { scheme: 'a' })).rejects.toThrow('migrate: unknown option "scheme"; did you mean "schema"?')
  await expect(loose(createFakeIssuer)({ jwkPath: '/' })).rejects.toThrow(
    'createFakeIssuer: unknown option "jwkPath"; did you mean "jwksPath"?',
  )
})

it('of a requirement', () => {
  const stores = memoryStores()
  const clients = { register: nothing, find: nothing, addSecret: nothing, revokeSecret: nothing, remove: nothing, findMany: nothing }
  const settings = { grants: ['client_credentials'] }
  const made = loose(createIntegrations)({
    issuer: 'a',
    accounts: stores.accounts,
    clients,
    settings,
    policies: { mayManage: nothing, mayEnroll: nothing },
  })
  const { enrolledFor } = made as { readonly enrolledFor: Call }
  expect(() => enrolledFor(nothing, { maxAge: 5 })).toThrow('enrolledFor: unknown option "maxAge"; did you mean "maxAgeSeconds"?')
})
