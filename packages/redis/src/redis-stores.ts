import { checkOptions, createCallIds, kind, type OptionShape, type Readiness, retaining, type Stores, shownValue } from '@countersign/core'
import { redisAttempts } from './attempts.js'
import { redisAudit } from './audit.js'
import { redisChallenges } from './challenges.js'
import { type ConnectionOptions, type RedisConnection, redisConnection } from './connection/connection.js'
import { warnOfEviction } from './connection/eviction-policy.js'
import { isCluster, type RedisClient, type RedisWarning } from './connection/redis-client.js'
import { storeKeys } from './connection/store-keys.js'
import { redisDocuments } from './documents.js'
import { joinChangeClient } from './durability/change-client.js'
import { redisFamilies } from './families.js'
import { redisNonces } from './nonces.js'
import { redisReplay } from './replay.js'
import { redisRevocations } from './revocations.js'
import { defineScripts } from './scripts/scripts.js'
import { defineScriptsTogether } from './scripts/together.js'

/** Options of {@link redisStores}. */
export interface RedisStoresOptions {
  /** Begins every key; letters, digits and `_ . : -`. Two applications on one server have two. */
  readonly prefix: string
  /** A part of the prefix that tenants do not share, any text. @defaultValue none */
  readonly tenant?: string
  /**
   * `'wait'` answers a change when a replica has it (`WAIT 1`). If none says so in half of `maxWaitMs`, the change is taken back where that is
   * possible, and is an outage. While no replica acknowledges, changes are refused at once. Changes go over one duplicate of the client, which all
   * stores on it share. @defaultValue 'server', what the server's own persistence gives
   */
  readonly durability?: 'server' | 'wait'
  /** Milliseconds after which a call is an outage. @defaultValue 1000 */
  readonly maxWaitMs?: number
  /** How many entries of the audit there is room for; beyond it the oldest go. @defaultValue 100000 */
  readonly auditEntries?: number
  /** Called for problems of the server that are not the error of one call. @defaultValue a warning of the process */
  readonly onWarning?: (warning: RedisWarning) => void
}

const shape: OptionShape<RedisStoresOptions> = {
  prefix: kind.required(
    kind.satisfying('1 to 64 letters, digits or _ . : -', (value) => typeof value === 'string' && /^[\w.:-]{1,64}$/.test(value)),
  ),
  tenant: kind.satisfying('a string of 1 to 255 characters', (value) => typeof value === 'string' && value !== '' && value.length <= 255),
  durability: kind.oneOf('server', 'wait'),
  maxWaitMs: kind.number({ unit: 'milliseconds', least: 10 }),
  auditEntries: kind.count,
  onWarning: kind.func,
}

function emitWarning({ name, detail, cause }: RedisWarning): void {
  const because = detail ?? (cause instanceof Error ? cause.message : undefined)
  process.emitWarning(because === undefined ? name : `${name}: ${because}`, 'CountersignRedisWarning')
}

async function readiness(checkWrites: () => Promise<void>): Promise<Readiness> {
  try {
    await checkWrites()
    return { ok: true, parts: { redis: { ok: true } } }
  } catch (cause) {
    return { ok: false, parts: { redis: { ok: false, cause } } }
  }
}

/** How stores reach the server. */
interface Connections {
  readonly reads: RedisConnection
  readonly changes: RedisConnection
  /** Connects our own client anew, if there is one for changes. */
  replace(): void
  leave(): void
}

/** @param key - where the beginning of the memory is kept */
function connectionsOf(client: RedisClient, key: string, options: ConnectionOptions, waits: boolean): Connections {
  if (!waits) {
    const run = defineScriptsTogether(client)
    const connection = redisConnection(client, run, key, options)
    return { reads: connection, changes: connection, replace: () => undefined, leave: connection.close }
  }
  const run = defineScripts(client)
  // What is known of the server is told once, by the connection that depends on it.
  const reads = redisConnection(client, run, key, { ...options, onWarning: () => undefined })
  const own = joinChangeClient(client, key, options.onWarning)
  const changes = redisConnection(own.client, own.run, key, { ...options, durability: own.durability })
  return {
    reads,
    changes,
    replace: own.replace,
    leave() {
      reads.close()
      changes.close()
      own.leave()
    },
  }
}

/** A process is ready when it can change what it reads over the host's client. */
function checkOf(reads: RedisConnection, changes: RedisConnection, key: string): () => Promise<void> {
  if (reads === changes) return changes.checkWrites
  return async () => {
    await Promise.all([changes.checkWrites(), reads.read(() => reads.client.exists(key))])
  }
}

/** @throws TypeError for an option that is not one */
export function checkRedisOptions(factory: string, options: RedisStoresOptions): void {
  checkOptions(factory, options, shape)
}

/** Who opens stores. */
interface Opening {
  /** Whose name errors begin with. */
  readonly factory: string
  /** Called when the server that the client leads to is a replica by now. */
  readonly whenReadOnly?: () => void
}

/**
 * The stores on a client in the shape of ioredis.
 *
 * @throws TypeError for a tenant that is not well-formed
 */
export function openRedisStores(client: RedisClient, options: RedisStoresOptions, { factory, whenReadOnly }: Opening): Stores {
  const { prefix, tenant, durability = 'server', maxWaitMs = 1_000, onWarning = emitWarning } = options
  const keys = storeKeys({ factory, prefix, tenant, keyPrefix: client.options?.keyPrefix })
  const { reads, changes, replace, leave } = connectionsOf(client, keys.memory, { maxWaitMs, onWarning }, durability === 'wait')
  const access = { reads, changes, keys, callIdOf: createCallIds(), maxWaitMs }
  const revocations = redisRevocations(access, onWarning)
  changes.whenReadOnly(() => {
    revocations.replace()
    replace()
    whenReadOnly?.()
  })
  const checkWrites = checkOf(reads, changes, keys.memory)
  const unwarn = warnOfEviction(client, onWarning)
  const close = async (): Promise<void> => {
    unwarn()
    revocations.close()
    leave()
  }
  const documents = redisDocuments(access, 'dk')
  return {
    replay: { ...redisReplay(access), checkWrites },
    nonces: { ...redisNonces(access), checkWrites },
    challenges: { ...redisChallenges(access), checkWrites },
    families: { ...redisFamilies(access), checkWrites },
    attempts: { ...redisAttempts(access), checkWrites },
    clients: { ...redisDocuments(access, 'dc'), checkWrites },
    keys: { ...documents, checkWrites },
    accounts: { ...redisDocuments(access, 'da'), checkWrites },
    revocations: { ...retaining(revocations.store, documents), checkWrites },
    audit: { ...redisAudit(access, options.auditEntries ?? 100_000), checkWrites },
    ready: () => readiness(checkWrites),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/**
 * All stores on Redis 6.2 or later (or Valkey): standalone, Sentinel or Cluster.
 *
 * @param client - the host's own ioredis client, 5 or 6; it stays the host's. Subscriptions to
 * revocations share one duplicate of it, which ends with the last of them or with the client; so do changes with `durability: 'wait'`
 * @throws TypeError for an option that is not one, or a Cluster that reads from replicas
 */
export function redisStores(client: RedisClient, options: RedisStoresOptions): Stores {
  checkRedisOptions('redisStores', options)
  if (typeof client?.defineCommand !== 'function') {
    const isNodeRedis = typeof (client as { sendCommand?: unknown } | undefined)?.sendCommand === 'function'
    const hint = isNodeRedis ? ', got a client of the package redis: give it to nodeRedisStores' : `, got ${shownValue(client)}`
    throw new TypeError(`redisStores: the first argument must be an ioredis client${hint}`)
  }
  const { scaleReads } = (client as { options?: { scaleReads?: unknown } }).options ?? {}
  if (isCluster(client) && scaleReads !== undefined && scaleReads !== 'master')
    throw new TypeError(
      `redisStores: the option scaleReads of the Cluster must be "master", because replicas lag, got ${typeof scaleReads === 'string' ? JSON.stringify(scaleReads) : shownValue(scaleReads)}`,
    )
  return openRedisStores(client, options, { factory: 'redisStores' })
}
