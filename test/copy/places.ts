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
  /** The same place after all of it was lost. */
  emptied(stores: Stores): Promise<Stores>
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
  const again = new Map<Stores, () => Promise<Stores>>()
  const removeKeys = async (prefix: string): Promise<void> => {
    for (const key of await redis.keys(`${prefix}|*`)) await redis.del(key)
  }
  afterAll(async () => {
    for (const prefix of prefixes) await removeKeys(prefix)
    redis.disconnect()
  })

  /** @param lose - called before the place is opened again */
  function remembered(open: () => Stores, lose: () => Promise<void>): Stores {
    const stores = open()
    again.set(stores, async () => {
      await lose()
      return open()
    })
    return stores
  }

  /** A place without its content is another place there. */
  const renewed = (open: () => Stores): Stores => remembered(open, async () => undefined)

  return {
    memory: () => renewed(() => memoryStores()),
    sqlite: () => renewed(emptySqlite),
    redis() {
      const prefix = `copy-${randomBytes(6).toString('hex')}`
      prefixes.push(prefix)
      const open = (): Stores => {
        const stores = redisStores(redis, { prefix, maxWaitMs: 10_000, onWarning: () => undefined })
        onTestFinished(() => stores.close())
        return stores
      }
      return remembered(open, () => removeKeys(prefix))
    },
    postgres: () => renewed(() => open({ tenant: randomBytes(6).toString('hex') }).stores),
    async emptied(stores) {
      const reopen = again.get(stores)
      if (reopen === undefined) throw new Error('places: these stores were not opened here')
      return reopen()
    },
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
