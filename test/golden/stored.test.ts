import { randomBytes } from 'node:crypto'
import type { Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { redisStores } from '@countersign/redis'
import { fixedClock } from '@countersign/testkit'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { toEarlierNames, toPresentNames } from '../earlier-names.js'
import { testSchema } from '../postgres/schema-setup.js'
import { describeWith } from '../services.js'
import { startsAt } from './constants.js'
import { isRecording, record, recorded } from './recorded.js'
import { compared } from './stored/compare.js'
import { type Held, live, openWorld } from './stored/flow.js'
import { goOn, type Outcomes } from './stored/go-on.js'
import { journalOf, oneByOne, tell, type Written } from './stored/journal.js'
import * as postgres from './stored/postgres-content.js'
import * as redisContent from './stored/redis-content.js'

// What is in recorded/ was stored before names, options and files were changed: it stands in stores today, and other
// releases read what this one writes. Where a test fails, records were lost or cannot be read. No change of a name may do
// that; a new format needs a version and a migration. To write it down: node test/golden/record.js --record stored

/** What a store held, what clients held, and what they were answered. */
interface Filled<R> {
  readonly held: Held
  readonly records: readonly R[]
  readonly outcomes: Outcomes
}

/** One kind of store. */
interface Kind<R> {
  readonly name: string
  /** Records without what may have been added to them since. @defaultValue nothing may */
  readonly asBefore?: (records: readonly R[], before: readonly R[]) => readonly R[]
  /** The records that are compared. @defaultValue all */
  readonly compares?: (records: readonly R[]) => readonly R[]
  /** Stores of a new place, which remember the last hour. */
  open(): Promise<{
    readonly stores: Stores
    content(): Promise<readonly R[]>
    /** @returns stores over that content */
    restored(records: readonly R[]): Promise<Stores>
  }>
}

const within = 60_000

function suite<R>({ name, open, asBefore = (records) => records, compares = (records) => records }: Kind<R>): void {
  const file = `stored-${name}`
  const fill = async (): Promise<Filled<R>> => {
    const place = await open()
    const first = await openWorld(place.stores)
    const held = await live(first)
    const records = await place.content()
    await first.close()
    const second = await openWorld(place.stores, 'later ')
    const outcomes = await goOn(second, held)
    await second.close()
    return { held, records, outcomes }
  }

  it('what is written has the form that it had', { timeout: 60_000 }, async () => {
    const filled = await fill()
    if (isRecording) record(file, filled)
    const before = recorded<Filled<R>>(file)
    const [now, then] = [
      compared(compares(asBefore(filled.records, before.records)), filled.held),
      compared(compares(before.records), before.held),
    ]
    expect(now.map(({ text }) => text)).toEqual(then.map(({ text }) => text))
    for (const [at, { text, distances }] of now.entries())
      for (const [index, distance] of distances.entries())
        expect(Math.abs(distance - (then[at]?.distances[index] ?? 0)), `an instant of ${text}`).toBeLessThan(within)
  })

  it('what was written before works on', { timeout: 60_000 }, async () => {
    const { held, records, outcomes } = recorded<Filled<R>>(file)
    const place = await open()
    const world = await openWorld(await place.restored(records), 'later ')
    expect(JSON.parse(JSON.stringify(await goOn(world, held)))).toEqual(outcomes)
    await world.close()
  })
}

describe('memory', () => {
  suite<Written>({
    name: 'memory',
    asBefore: (records) => oneByOne(records).map((record) => toEarlierNames(record) as Written),
    async open() {
      const clock = fixedClock(startsAt - 60)
      const { stores, journal } = journalOf(memoryStores({ now: clock.now }))
      clock.advance(60)
      return {
        stores,
        content: async () => [...journal],
        async restored(records) {
          await tell(
            stores,
            records.map((record) => toPresentNames(record) as Written),
          )
          return stores
        },
      }
    },
  })
})

describeWith('redis', 'Redis', (url) => {
  const opened: { readonly redis: Redis; readonly stores: Stores; readonly prefix: string }[] = []
  afterAll(async () => {
    for (const { redis, stores, prefix } of opened) {
      await stores.close()
      await redisContent.erase(redis, prefix)
      redis.disconnect()
    }
  })
  const connect = (prefix: string): (typeof opened)[number] => {
    const redis = new Redis(url)
    const stores = redisStores(redis, { prefix, maxWaitMs: 15_000, onWarning: () => undefined })
    const one = { redis, stores, prefix }
    opened.push(one)
    return one
  }
  suite<redisContent.RedisRecord>({
    name: 'redis',
    compares: redisContent.lasting,
    async open() {
      const prefix = `golden-${randomBytes(6).toString('hex')}`
      await connect(prefix).stores.ready()
      const looking = new Redis(url)
      await redisContent.age(looking, prefix)
      const { stores, redis } = connect(prefix)
      looking.disconnect()
      return {
        stores,
        content: () => redisContent.contentOf(redis, prefix),
        async restored(records) {
          await redisContent.restore(redis, prefix, records)
          return stores
        },
      }
    },
  })
})

describeWith('postgres', 'PostgreSQL', (url) => {
  // One for each test.
  const schemas = [testSchema(url), testSchema(url)]
  suite<postgres.RowRecord>({
    name: 'postgres',
    asBefore: postgres.asBefore,
    async open() {
      const schema = schemas.shift()
      if (schema === undefined) throw new Error('there are more tests than schemas')
      const { admin } = schema
      const { stores } = schema.open()
      await stores.revocations.cursor()
      await postgres.age(admin, schema.schema())
      return {
        stores,
        content: () => postgres.contentOf(admin, schema.schema()),
        async restored(records) {
          await postgres.restore(admin, schema.schema(), records)
          return stores
        },
      }
    },
  })
})
