import { expect, it } from 'vitest'
import { describeWith } from '../services.js'
import { countedSchema, many } from './counted-schema.js'

describeWith('postgres', 'totals of large collections', (url) => {
  const { admin, schema, open, table, newName, fill, truth, isReady, untilReady, numbersOf } = countedSchema(url)

  it('are kept from the first count on, and follow every change', async () => {
    const collection = newName()
    const { accounts } = open().stores
    await fill(collection)
    expect(await accounts.count({ collection })).toEqual(await truth(collection))
    await untilReady(accounts, collection)
    await accounts.put({ collection, id: 'new', value: '1', revision: 0, group: 'g1' })
    await accounts.put({ collection, id: 'new', value: '1', revision: 1 })
    await accounts.put({ collection, id: 'newer', value: '1', revision: 0 })
    await accounts.put({ collection, id: 'newer', value: '1', revision: 1, group: 'another' })
    await accounts.removeMany([1, 2, 3].map((n) => ({ collection, id: `first ${n}`, revision: 1 })))
    await accounts.remove({ collection, id: 'first 0', revision: 1 })
    await admin.query(
      `update ${table('documents')} set collection = 'elsewhere' where collection = convert_to($1, 'UTF8') and id = 'first 5'`,
      [collection],
    )
    expect(await accounts.count({ collection })).toEqual(await truth(collection))
    expect(await accounts.count({ collection })).toMatchObject({ total: many - 3 })
    // told by the counter, not by counting
    await admin.query(
      `update ${table('document_counts')} set documents = documents + 1000 where ctid in (
      select ctid from ${table('document_counts')} where collection = convert_to($1, 'UTF8') and group_name = '' limit 1)`,
      [collection],
    )
    expect(await accounts.count({ collection })).toMatchObject({ total: many + 997 })
  })

  it.each([false, true])('pages by number are the same with a counter, prepared: %s', async (prepare) => {
    const collection = newName()
    const { accounts } = open({ prepare }).stores
    await fill(collection)
    const all = await accounts.list({ collection, limit: many })
    const ofGroup = await accounts.list({ collection, filter: { group: 'g1' }, limit: many })
    await untilReady(accounts, collection)
    const offsets = (total: number): readonly number[] => [
      0,
      1,
      total / 2 - 1,
      total / 2,
      total / 2 + 1,
      total - 10,
      total - 3,
      total - 1,
      total,
      total + 5,
    ]
    for (const offset of offsets(many))
      expect(await accounts.list({ collection, offset, limit: 10 })).toEqual(all.slice(offset, offset + 10))
    const filter = { group: 'g1' }
    for (const offset of offsets(many / 4))
      expect(await accounts.list({ collection, filter, offset, limit: 10 })).toEqual(ofGroup.slice(offset, offset + 10))
    const none = { collection, filter: { group: 'nobody' }, limit: 10 }
    expect([await accounts.list({ ...none, offset: 1 }), await accounts.list(none)]).toEqual([[], []])
  })

  it('small collections have no counter', async () => {
    const collection = newName()
    const { accounts } = open().stores
    await fill(collection, 900)
    expect(await accounts.count({ collection })).toEqual(await truth(collection))
    expect(await isReady(collection)).toBeUndefined()
    expect(await numbersOf(collection)).toBe(0)
  })

  it('a counter from another table, as of a restored dump, is begun anew', async () => {
    const collection = newName()
    const { accounts } = open().stores
    await fill(collection)
    await untilReady(accounts, collection)
    await admin.query(`update ${table('document_counters')} set home = 1 where collection = convert_to($1, 'UTF8')`, [collection])
    await admin.query(`update ${table('document_counts')} set documents = 7 * documents where collection = convert_to($1, 'UTF8')`, [
      collection,
    ])
    for (let time = 0; time < 2; time += 1) expect(await accounts.count({ collection })).toEqual(await truth(collection))
  })

  it('numbers become fewer when they are read, and in a sweep', async () => {
    const { stores } = open()
    for (const read of [
      async (collection: string) => void (await stores.accounts.count({ collection })),
      async () => void (await stores.sweep()),
    ]) {
      const collection = newName()
      await fill(collection)
      await untilReady(stores.accounts, collection)
      for (let n = 0; n < 1_100; n += 1) await fill(collection, 1, `${n} `)
      expect(await numbersOf(collection)).toBeGreaterThan(1_100)
      await read(collection)
      expect(await numbersOf(collection)).toBe(4)
      expect(await stores.accounts.count({ collection })).toEqual(await truth(collection))
    }
  })

  it('a truncated table has nothing', async () => {
    const other = newName()
    const { accounts } = open().stores
    await fill(other)
    await accounts.count({ collection: other })
    await admin.query(`truncate ${table('documents')}`)
    expect(await accounts.count({ collection: other })).toEqual({ total: 0, groups: [] })
  })

  it('are counted for who may only read', async () => {
    const collection = newName()
    await fill(collection)
    const { accounts } = open({}, { options: '-c default_transaction_read_only=on' }).stores
    expect(await accounts.count({ collection })).toEqual(await truth(collection))
    expect(await isReady(collection)).toBeUndefined()
  })

  it('who may write documents needs no further right', async () => {
    const collection = newName()
    const { accounts } = open().stores
    await fill(collection)
    await untilReady(accounts, collection)
    const role = `role_${newName()}`
    await admin.query(`create role ${role}; grant usage on schema "${schema()}" to ${role};
      grant select, insert, update, delete on ${table('documents')}, ${table('claims')} to ${role}`)
    const writer = open({}, { options: `-c role=${role}` })
    expect(await writer.stores.accounts.put({ collection, id: 'new', value: '1', revision: 0 })).toBe(true)
    await writer.stores.close()
    expect(await accounts.count({ collection })).toMatchObject({ total: many + 1 })
    await admin.query(`drop owned by ${role}; drop role ${role}`)
  })
})
