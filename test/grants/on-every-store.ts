import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { redisStores } from '@countersign/redis'
import { sqliteStores } from '@countersign/sqlite'
import { Redis } from 'ioredis'
import Libsql from 'libsql'
import { afterAll, describe } from 'vitest'
import { testSchema } from '../postgres/schema-setup.js'
import { describeWith } from '../services.js'

/**
 * A suite on memory, SQLite, Redis and PostgreSQL.
 *
 * @param suite - `open` gives the stores of one more process, with the same content
 */
export function onEveryStore(suite: (open: () => Stores) => void): void {
  describe('memory', () => {
    const shared = memoryStores()
    suite(() => shared)
  })

  describe('SQLite', () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-sqlite-'))
    const opened: Stores[] = []
    afterAll(async () => {
      for (const stores of opened) await stores.close()
      await rm(folder, { recursive: true, force: true })
    })
    suite(() => {
      const stores = sqliteStores(() => new Libsql(join(folder, 'auth.db')))
      opened.push(stores)
      return stores
    })
  })

  describeWith('redis', 'Redis', (url) => {
    const opened: { readonly stores: Stores; readonly redis: Redis }[] = []
    const prefix = `test-${randomBytes(6).toString('hex')}`
    afterAll(async () => {
      for (const { stores, redis } of opened) {
        await stores.close()
        redis.disconnect()
      }
    })
    suite(() => {
      const redis = new Redis(url)
      const stores = redisStores(redis, { prefix, onWarning: () => undefined })
      opened.push({ stores, redis })
      return stores
    })
  })

  describeWith('postgres', 'PostgreSQL', (url) => {
    const { open } = testSchema(url)
    suite(() => open().stores)
  })
}
