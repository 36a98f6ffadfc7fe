import { memoryStores } from '@countersign/core/memory'
import * as integrations from '@countersign/integrations'
import * as postgres from '@countersign/postgres'
import { redisStores as redisStoresOf } from '@countersign/redis'
import { sqliteStores as sqliteStoresOf } from '@countersign/sqlite'
import { itTells, loose, secretOf } from './mistake.js'

const createIntegrations = loose(integrations.createIntegrations)
const integrationRoutes = loose(integrations.integrationRoutes)
const redisStores = loose(redisStoresOf)
const sqliteStores = loose(sqliteStoresOf)
const postgresStores = loose(postgres.postgresStores)
const migrate = loose(postgres.migrate)
const migrationSql = loose(postgres.migrationSql)

const nothing = (): undefined => undefined
const stores = memoryStores()
const issuer = 'https://a.test'
const clients = { register: nothing, find: nothing, addSecret: nothing, revokeSecret: nothing, remove: nothing, findMany: nothing }
const policies = { mayManage: nothing, mayEnroll: nothing }
const accounts = { issuer, accounts: stores.accounts, clients, settings: { grants: ['client_credentials'] }, policies }
const guard = { check: nothing }
const made = { create: nothing }
const pool = { connect: nothing }
const redis = { defineCommand: nothing, options: {} }

itTells([
  [
    'no policies',
    () => createIntegrations({ ...accounts, policies: undefined }),
    'createIntegrations: policies must be an object with mayManage, mayEnroll (optional: isPerson, provesMfa), got undefined',
  ],
  [
    'a pattern without its end',
    () => createIntegrations({ ...accounts, entityId: /^[a-z]+/ }),
    'createIntegrations: entityId must be a pattern from ^ to $ without the flags g, y and m, got /^[a-z]+/',
  ],
  [
    'a pattern as a string',
    () => createIntegrations({ ...accounts, entityId: '^[a-z]+$' }),
    'createIntegrations: entityId must be a RegExp, got a string of 8 characters',
  ],
  [
    'a default that is not among the types',
    () => createIntegrations({ ...accounts, types: ['cad'], defaultType: 'rms' }),
    'createIntegrations: defaultType must be one of types, got "rms"',
  ],
  [
    'no integrations',
    () => integrationRoutes(undefined, { guard }),
    'integrationRoutes: the first argument must be what createIntegrations returns, got undefined',
  ],
  [
    'no guard',
    () => integrationRoutes(made, {}),
    'integrationRoutes: guard must be a guard, for instance what createGuard returns, got undefined',
  ],
  [
    'a path without its parameter',
    () => integrationRoutes(made, { guard, paths: { create: '/entities/integrations' } }),
    'integrationRoutes: paths.create must have the parameters :entity_id, got "/entities/integrations"',
  ],
  [
    'one path of two',
    () => integrationRoutes(made, { guard, paths: { enrollments: { ofEntity: '/entities/:entity_id', ofIntegration: '/x' } } }),
    'integrationRoutes: paths.enrollments.ofIntegration must have the parameters :client_id, got "/x"',
  ],

  [
    'a URL of Redis',
    () => redisStores('redis://127.0.0.1', { prefix: 'a' }),
    'redisStores: the first argument must be an ioredis client, got a string of 17 characters',
  ],
  ['no prefix', () => redisStores(redis, {}), 'redisStores: prefix must be 1 to 64 letters, digits or _ . : -, got undefined'],
  [
    'a wait of no time',
    () => redisStores(redis, { prefix: 'a', maxWaitMs: 0 }),
    'redisStores: maxWaitMs must be a number of milliseconds, 10 or more, got 0',
  ],
  [
    'a tenant that is half a character',
    () => redisStores(redis, { prefix: 'a', tenant: '\ud800' }),
    'redisStores: tenant must be well-formed Unicode, got a lone surrogate',
  ],
  [
    'a Cluster that reads from replicas',
    () => redisStores({ defineCommand: nothing, nodes: nothing, options: { scaleReads: 'slave' } }, { prefix: 'a' }),
    'redisStores: the option scaleReads of the Cluster must be "master", because replicas lag, got "slave"',
  ],
  [
    'a URL of PostgreSQL',
    () => postgresStores(`postgres://me:${secretOf(9)}@db.test/x`, { schema: 'a' }),
    'postgresStores: the first argument must be a pool of pg, got a string of 33 characters',
  ],
  ['no schema', () => postgresStores(pool, {}), 'postgresStores: schema must be a non-empty string, got undefined'],
  [
    'a schema with a hyphen',
    () => postgresStores(pool, { schema: 'my-app' }),
    'postgresStores: schema must be 1 to 50 ASCII letters, digits and _, and must not begin with a digit, got a string of 6 characters',
  ],
  [
    'a schema of the server',
    () => postgresStores(pool, { schema: 'pg_catalog' }),
    'postgresStores: schema must not be one that PostgreSQL keeps for itself, got "pg_catalog"',
  ],
  [
    'a migration of a schema with a hyphen',
    () => migrate(pool, { schema: 'my-app' }),
    'migrate: schema must be 1 to 50 ASCII letters, digits and _, and must not begin with a digit, got a string of 6 characters',
  ],
  [
    'a migration without a pool',
    () => migrate(undefined, { schema: 'a' }),
    'migrate: the first argument must be a pool of pg, got undefined',
  ],
  [
    'statements for a schema with a digit',
    () => migrationSql({ schema: '1a' }),
    'migrationSql: schema must be 1 to 50 ASCII letters, digits and _, and must not begin with a digit, got a string of 2 characters',
  ],
  [
    'no file',
    () => sqliteStores(undefined, {}),
    'sqliteStores: the first argument must be a path, an open database, or a function that opens one, got undefined',
  ],
  ['a file in memory', () => sqliteStores(':memory:', {}), 'sqliteStores: the first argument must be the path of a file, got ":memory:"'],
  [
    'a time for sweeps',
    () => sqliteStores('a.db', { sweepEverySeconds: 0 }),
    'sqliteStores: sweepEverySeconds must be a number of seconds, more than 0, got 0',
  ],
  [
    'a number of entries',
    () => loose(memoryStores)({ auditEntries: 1.5 }),
    'memoryStores: auditEntries must be an integer, 1 or more, got 1.5',
  ],
])
