import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RevocationEntry, ScannedDocument, Stores } from '@countersign/core'
import { allItems } from '@countersign/core'
import type { CopiedStores } from '@countersign/core/copy'
import { memoryStores } from '@countersign/core/memory'
import { redisStores } from '@countersign/redis'
import { sqliteStores } from '@countersign/sqlite'
import { Redis } from 'ioredis'
import Libsql from 'libsql'
import { afterAll, onTestFinished } from 'vitest'
import { testSchema } from '../postgres/schema-setup.js'
import { redisUrl } from '../services.js'

export const issuer = 'https://api.example'
export const minute = 60_000

/** An empty store of each adapter, for one test. */
export interface Places {
  memory(): Stores
  sqlite(): Stores
  redis(): Stores
  postgres(): Stores
}

function emptySqlite(): Stores {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-copy-'))
  const stores = sqliteStores(() => new Libsql(join(folder, 'auth.db')))
  onTestFinished(async () => {
    await stores.close()
    await rm(folder, { recursive: true, force: true })
  })
  return stores
}

/** To be called in a suite. */
export function places(postgresUrl: string): Places {
  const { open } = testSchema(postgresUrl)
  const redis = new Redis(redisUrl ?? '')
  const prefixes: string[] = []
  afterAll(async () => {
    for (const prefix of prefixes) for (const key of await redis.keys(`${prefix}|*`)) await redis.del(key)
    redis.disconnect()
  })
  return {
    memory: () => memoryStores(),
    sqlite: emptySqlite,
    redis() {
      const prefix = `copy-${randomBytes(6).toString('hex')}`
      prefixes.push(prefix)
      const stores = redisStores(redis, { prefix, maxWaitMs: 10_000, onWarning: () => undefined })
      onTestFinished(() => stores.close())
      return stores
    },
    postgres: () => open({ tenant: randomBytes(6).toString('hex') }).stores,
  }
}

const strange = ['', 'plain', 'ünïcode ✓', 'with|bar', '{tag}', 'null\u0000byte', 'x'.repeat(255)]

/** Documents with every kind of name, in each part, some of them changed and some in groups; and a denylist. */
export async function fill(stores: CopiedStores, documents: number): Promise<void> {
  for (const part of ['clients', 'keys', 'accounts'] as const)
    for (let at = 0; at < documents; at += 1) {
      const address = { collection: `${part} ${strange[at % strange.length]}`, id: `${strange[(at * 3) % strange.length]}${at}` }
      const group = at % 3 === 0 ? `group ${at % 5}` : undefined
      await stores[part].put({ ...address, value: JSON.stringify({ at }), revision: 0, group })
      if (at % 4 === 0) await stores[part].put({ ...address, value: JSON.stringify({ at, changed: true }), revision: 1, group })
    }
  const entry = (clientId: string): RevocationEntry => ({ type: 'client', issuer, clientId })
  await stores.revocations.revoke(entry('locked'))
  await stores.revocations.revoke(entry('unlocked'))
  await stores.revocations.revoke(entry('unlocked'), { reinstated: true })
  await stores.revocations.revoke(entry('for a while'), { ttlMs: 10 * minute })
}

/** What lasts in stores, without revisions. */
export async function contentOf(stores: CopiedStores) {
  const documents = async (part: 'clients' | 'keys' | 'accounts'): Promise<readonly Omit<ScannedDocument, 'revision'>[]> => {
    const found: Omit<ScannedDocument, 'revision'>[] = []
    for await (const { revision: _, ...document } of allItems((after) => stores[part].scan({ after, limit: 1_000 })))
      if (document.collection !== 'countersign.retained') found.push(document)
    return found
  }
  const { records } = await stores.revocations.since(undefined)
  return {
    clients: await documents('clients'),
    keys: await documents('keys'),
    accounts: await documents('accounts'),
    revocations: records.map(({ entry, reinstated, ttlMs }) => ({
      entry,
      reinstated: reinstated === true,
      isForEver: ttlMs === undefined,
    })),
  }
}
