import { setTimeout as sleep } from 'node:timers/promises'
import type { DocumentStore } from '@countersign/core'
import { expect, it } from 'vitest'
import { describeWith } from '../services.js'
import { countedSchema, many } from './counted-schema.js'

/** Puts, moves to another group, and removes, until it is told to end. */
async function change(
  store: DocumentStore,
  collection: string,
  { worker, isOver }: { worker: number; isOver: () => boolean },
): Promise<void> {
  for (let n = 0; !isOver(); n += 1) {
    const id = `${worker} ${n % 20}`
    const kept = await store.get({ collection, id })
    const group = `g${(n + worker) % 5}`
    if (kept === undefined) await store.put({ collection, id, value: '1', revision: 0, ...(n % 3 > 0 && { group }) })
    else if (n % 2 === 0) await store.put({ collection, id, value: '2', revision: kept.revision, group })
    else if (n % 3 === 0) await store.removeMany([{ collection, id, revision: kept.revision }])
    else await store.remove({ collection, id, revision: kept.revision })
  }
}

describeWith('postgres', 'counters beside other transactions', (url) => {
  const { admin, open, table, newName, fill, truth, isReady, untilReady, numbersOf, inTransaction } = countedSchema(url)

  it('are exact when counters begin, become fewer, and end while eight write', { timeout: 60_000 }, async () => {
    const stores = Array.from({ length: 4 }, () => open().stores)
    for (let round = 0; round < 6; round += 1) {
      const collection = newName()
      await fill(collection)
      const state = { isOver: false }
      const changing = Array.from({ length: 8 }, (_, worker) =>
        change((stores[worker % 4] as (typeof stores)[number]).accounts, collection, { worker, isOver: () => state.isOver }),
      )
      await sleep(20 * round)
      const counting = Array.from({ length: 4 }, async (_, n) => {
        for (let time = 0; time < 10; time += 1) {
          const { total } = await (stores[n] as (typeof stores)[number]).accounts.count({ collection })
          expect(total).toBeGreaterThanOrEqual(many)
          expect(total).toBeLessThanOrEqual(many + 160)
          await admin.query(
            `with taken as (delete from ${table('document_counts')} where ctid = any (array(
              select ctid from ${table('document_counts')} where collection = convert_to($1, 'UTF8') for update skip locked)) returning *)
            insert into ${table('document_counts')} select tenant, kind, collection, group_name, sum(documents) from taken group by 1, 2, 3, 4`,
            [collection],
          )
        }
      })
      await Promise.all(counting).finally(() => {
        state.isOver = true
        return Promise.all(changing)
      })
      await untilReady((stores[0] as (typeof stores)[number]).accounts, collection)
      expect(await stores[0]?.accounts.count({ collection })).toEqual(await truth(collection))
    }
  })

  it('a counter is not complete before transactions from before it have ended, and counts what they changed', async () => {
    const collection = newName()
    const { accounts } = open().stores
    await fill(collection)
    await inTransaction('read committed', async (client) => {
      await fill(collection, 50, 'before ', client)
      expect(await accounts.count({ collection })).toMatchObject({ total: many })
      expect(await isReady(collection)).toBe(false)
      expect(await accounts.count({ collection })).toMatchObject({ total: many })
      await accounts.put({ collection, id: 'meanwhile', value: '1', revision: 0 })
    })
    expect(await accounts.count({ collection })).toEqual(await truth(collection))
    await untilReady(accounts, collection)
    expect(await accounts.count({ collection })).toEqual(await truth(collection))
    expect(await accounts.count({ collection })).toMatchObject({ total: many + 51 })
  })

  it('a transaction that sees only what was there before the counter is counted', async () => {
    const collection = newName()
    const { accounts } = open().stores
    await fill(collection)
    await inTransaction('repeatable read', async (client) => {
      await client.query('select 1')
      await untilReady(accounts, collection)
      expect(await isReady(collection)).toBe(true)
      await fill(collection, 7, 'later ', client)
    })
    expect(await accounts.count({ collection })).toMatchObject({ total: many + 7 })
  })

  it('what is rolled back is not counted', async () => {
    const collection = newName()
    const { accounts } = open().stores
    await fill(collection)
    await untilReady(accounts, collection)
    await expect(
      inTransaction('read committed', async (client) => {
        await fill(collection, 7, 'undone ', client)
        throw new Error('rolled back')
      }),
    ).rejects.toThrow('rolled back')
    expect(await accounts.count({ collection })).toEqual(await truth(collection))
  })

  it('a sweep completes counters, and removes those of collections that became small', async () => {
    const collection = newName()
    const { stores } = open()
    await fill(collection)
    await inTransaction('read committed', async (client) => {
      await fill(collection, 5, 'before ', client)
      await stores.accounts.count({ collection })
      await stores.sweep()
      expect(await isReady(collection)).toBe(false)
    })
    await expect.poll(() => stores.sweep().then(() => isReady(collection)), { timeout: 10_000 }).toBe(true)
    expect(await stores.accounts.count({ collection })).toEqual(await truth(collection))
    await admin.query(`delete from ${table('documents')} where collection = convert_to($1, 'UTF8') and id > 'first 11'`, [collection])
    await stores.sweep()
    expect(await isReady(collection)).toBeUndefined()
    expect(await numbersOf(collection)).toBe(0)
    await fill(`${collection} 2`)
    expect(await stores.accounts.count({ collection })).toEqual(await truth(collection))
  })
})
