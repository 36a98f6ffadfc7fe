import { allItems } from '@countersign/core'
import { expect, it } from 'vitest'
import { describeWith } from '../services.js'
import { testSchema } from './schema-setup.js'

const kept = { ttlMs: 600_000 }

describeWith('postgres', 'the order of the audit', (url) => {
  const { admin, schema, open } = testSchema(url)

  it('is kept after the clock of the server was set back', async () => {
    const { audit } = open({ tenant: 'set back' }).stores
    await audit.append({ event: 'before' }, kept)
    // as if the first had been written while the clock was a minute ahead
    await admin.query(`update "${schema()}".audit set at = at + interval '1 minute' where tenant = $1`, ['set back'])
    await audit.append({ event: 'after' }, kept)
    await audit.append({ event: 'last' }, kept)
    const { items } = await audit.page()
    expect(items.map(({ event }) => event)).toEqual(['before', 'after', 'last'])
    expect(items.map(({ atMs }) => atMs - (items[0]?.atMs ?? 0))).toEqual([0, 0, 0])
  })

  it.each([1, 4, 50])('is that of their numbers among entries of one millisecond, by pages of %i', async (limit) => {
    const tenant = `of one millisecond, by ${limit}`
    const { audit } = open({ tenant }).stores
    // the numbers are of one, two and three digits
    await admin.query(`alter table "${schema()}".audit alter column id restart with 1`)
    const events = Array.from({ length: 120 }, (_, n) => `event ${n}`)
    for (const event of events) await audit.append({ event }, kept)
    await admin.query(`update "${schema()}".audit set at = '2026-01-01T00:00:00Z' where tenant = $1`, [tenant])
    for (const newestFirst of [false, true]) {
      const found: string[] = []
      for await (const { event } of allItems((after) => audit.page({ limit, newestFirst, after }))) found.push(event)
      expect(found).toEqual(newestFirst ? events.toReversed() : events)
    }
  })
})
