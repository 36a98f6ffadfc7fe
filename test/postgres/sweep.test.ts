import { describe, expect, it } from 'vitest'
import { describeWith } from '../services.js'
import { testSchema, untilTrue } from './schema-setup.js'

const minute = 60_000

describeWith('postgres', 'sweeping', (url) => {
  const { admin, schema, open } = testSchema(url)

  /** `count` claims that have expired, and one that has not. */
  async function expiredClaims(tenant: string, count: number): Promise<void> {
    await admin.query(
      `insert into "${schema()}".claims (tenant, key, expires_at)
       select $1, int4send(n), clock_timestamp() + case when n = 0 then interval '1 hour' else interval '-1 ms' end from generate_series(0, $2::int) n`,
      [tenant, count],
    )
  }

  async function left(table: string, tenant: string): Promise<number> {
    const { rows } = await admin.query<{ left: string }>(`select count(*) as left from "${schema()}".${table} where tenant = $1`, [tenant])
    return Number(rows[0]?.left)
  }

  /** Rows of revocations that a statement reads, which is rolled back. */
  async function rowsRead(text: string, values: unknown[]): Promise<number> {
    interface Plan {
      readonly 'Relation Name'?: string
      readonly 'Actual Rows': number
      readonly 'Actual Loops': number
      readonly 'Rows Removed by Filter'?: number
      readonly Plans?: readonly Plan[]
    }
    const readBy = (plan: Plan): number => {
      const own = plan['Relation Name'] === 'revocations' && plan.Plans === undefined
      const read = own ? (plan['Actual Rows'] + (plan['Rows Removed by Filter'] ?? 0)) * plan['Actual Loops'] : 0
      return (plan.Plans ?? []).reduce((sum, part) => sum + readBy(part), read)
    }
    const client = await admin.connect()
    try {
      await client.query('begin')
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(`explain (analyze, format json) ${text}`, values)
      return readBy(rows[0]?.['QUERY PLAN'][0].Plan ?? { 'Actual Rows': Number.NaN, 'Actual Loops': 1 })
    } finally {
      await client.query('rollback')
      client.release()
    }
  }

  it('removes what has expired of every table and tenant, and nothing else', async () => {
    for (const tenant of ['one', 'two']) {
      const { replay, nonces, challenges, families, attempts, clients, revocations, audit } = open({ tenant }).stores
      for (const [name, ttlMs] of [
        ['short', 20],
        ['long', minute],
      ] as const) {
        await replay.claim({ purpose: 'test', id: name, issuedAgoMs: 0, ttlMs })
        await nonces.remember(name, { clientId: 'client', ttlMs })
        await challenges.put(name, 'record', ttlMs)
        await families.create({ family: name, binding: 'client', data: 'data', ttlMs })
        await attempts.reserve({ key: name, limit: 1, windowMs: ttlMs })
        await clients.put({ collection: 'c', id: name, value: '0', revision: 0 })
        await audit.append({ event: name }, { ttlMs })
        await revocations.revoke({ type: 'client', issuer: 'issuer', clientId: name }, { ttlMs })
      }
    }
    const { stores } = open({ tenant: 'sweeper' })
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(await stores.sweep()).toEqual({ claims: 2, nonces: 2, challenges: 2, families: 2, attempts: 2, revocations: 2, audit: 2 })
    for (const table of ['claims', 'nonces', 'challenges', 'families', 'attempts', 'revocations', 'audit'])
      expect(await left(table, 'one')).toBe(1)
    expect(await left('documents', 'one')).toBe(2)
  })

  it('goes on in batches until nothing is left', async () => {
    await expiredClaims('batches', 105)
    expect((await open().stores.sweep({ batch: 10 })).claims).toBe(105)
    expect(await left('claims', 'batches')).toBe(1)
  })

  it('four at once remove every row once and do not wait for one another', async () => {
    await expiredClaims('at once', 2_000)
    const sweepers = [open(), open(), open(), open()]
    const results = await Promise.all(sweepers.map(({ stores }) => stores.sweep({ batch: 50 })))
    expect(results.reduce((sum, { claims }) => sum + claims, 0)).toBe(2_000)
    expect(await left('claims', 'at once')).toBe(1)
  })

  it('leaves a row to whoever holds it', async () => {
    await expiredClaims('held', 3)
    const holder = await admin.connect()
    try {
      await holder.query('begin')
      await holder.query(
        `update "${schema()}".claims set expires_at = clock_timestamp() + interval '1 hour' where tenant = 'held' and key = int4send(1)`,
      )
      expect((await open().stores.sweep()).claims).toBe(2)
      await holder.query('commit')
      expect((await open().stores.sweep()).claims).toBe(0)
      expect(await left('claims', 'held')).toBe(2)
    } finally {
      holder.release()
    }
  })

  it('while 64 claim ids that have expired, each is granted once', async () => {
    const { stores } = open({ tenant: 'racing' })
    const { stores: sweeper } = open()
    for (let round = 0; round < 10; round += 1) {
      const claimOf = (n: number): { purpose: string; id: string; issuedAgoMs: number } => ({
        purpose: 'test',
        id: `${n % 8}`,
        issuedAgoMs: 0,
      })
      for (let n = 0; n < 8; n += 1) await stores.replay.claim({ ...claimOf(n), ttlMs: 1 })
      await new Promise((resolve) => setTimeout(resolve, 3))
      const sweeping = Promise.all([sweeper.sweep({ batch: 1 }), sweeper.sweep({ batch: 3 })])
      const verdicts = await Promise.all(Array.from({ length: 64 }, (_, n) => stores.replay.claim({ ...claimOf(n), ttlMs: minute })))
      await sweeping
      expect(verdicts.filter((verdict) => verdict === 'claimed')).toHaveLength(8)
      await admin.query(`delete from "${schema()}".claims where tenant = 'racing'`)
    }
  })

  it('removes revocations that a later one has replaced for as long, and a reader from before ends up the same', async () => {
    const { stores } = open({ tenant: 'replaced' })
    const { revocations } = stores
    const entryOf = (clientId: string) => ({ type: 'client', issuer: 'issuer', clientId }) as const
    const before = await revocations.cursor()
    for (let n = 0; n < 5; n += 1) await revocations.revoke(entryOf('again and again'))
    await revocations.revoke(entryOf('taken back'))
    const epoch = await revocations.revoke(entryOf('taken back'), { reinstated: true })
    await revocations.revoke(entryOf('for ever'))
    const last = await revocations.revoke(entryOf('for ever'), { ttlMs: minute })
    expect((await stores.sweep()).revocations).toBe(5)
    const { records, lost } = await revocations.since(before)
    expect(lost).toBe(false)
    expect(records.map(({ entry, reinstated = false }) => [entry.type === 'client' && entry.clientId, reinstated])).toEqual([
      ['again and again', false],
      ['taken back', true],
      ['for ever', false],
      ['for ever', false],
    ])
    expect((await revocations.since(epoch)).cursor).toBe(last)
  })

  it('reads only revocations that are new when it looks for replaced ones', async () => {
    const { pool, stores } = open({ tenant: 'many' })
    const statements = new Map<string, unknown[]>()
    pool.on('connect', (client) => {
      const query = client.query.bind(client) as (asked: { text: string; values?: unknown[] }) => unknown
      Object.assign(client, {
        query: (asked: { text: string; values?: unknown[] }) => {
          if (/delete from "\w+"\.revocations/.test(asked.text)) statements.set(asked.text, asked.values ?? [])
          return query(asked)
        },
      })
    })
    const entryOf = (clientId: string) => ({ type: 'client', issuer: 'issuer', clientId }) as const
    await stores.revocations.revoke(entryOf('again'))
    await admin.query(
      `insert into "${schema()}".revocations (tenant, epoch, fact, entry, undone, expires_at)
       select 'many'::bytea, n, int4send(n % 10000), '{}', false, null from generate_series(2, 20000) n`,
    )
    await admin.query(`update "${schema()}".memory set epoch = 20000 where tenant = 'many'`)
    expect((await stores.sweep()).revocations).toBe(9_999)
    await admin.query(`analyze "${schema()}".revocations`)
    await stores.revocations.revoke(entryOf('again'))
    expect(statements.size).toBe(2)
    for (const [text, values] of statements) expect(await rowsRead(text, values)).toBeLessThan(100)
    expect((await stores.sweep()).revocations).toBe(1)
  })

  it('goes on behind the last revocation that it named, and not from the beginning', async () => {
    const { pool, stores } = open({ tenant: 'named' })
    const reads: (readonly unknown[])[] = []
    pool.on('connect', (client) => {
      const query = client.query.bind(client) as (asked: { text: string; values?: unknown[] }) => unknown
      Object.assign(client, {
        query: (asked: { text: string; values?: unknown[] }) => {
          if (/where r.type is null/.test(asked.text)) reads.push((asked.values ?? []).slice(1))
          return query(asked)
        },
      })
    })
    await admin.query(
      `insert into "${schema()}".revocations (tenant, epoch, fact, entry, undone, expires_at)
       select tenant::bytea, n, int4send(n), '{"type":"client","issuer":"issuer","clientId":"c"}', false, null
       from generate_series(1, 25) n, unnest(array['named', 'named too']) tenant`,
    )
    await stores.sweep({ batch: 10 })
    const text = `select count(*)::int as unnamed from "${schema()}".revocations where type is null and tenant in ('named', 'named too')`
    expect((await admin.query<{ readonly unnamed: number }>(text)).rows).toEqual([{ unnamed: 0 }])
    const [named, other] = ['named', 'named too'].map((tenant) => Buffer.from(tenant))
    expect(reads).toEqual([[], [named, '10'], [named, '20'], [other, '5'], [other, '15'], [other, '25']])
  })

  it.each([0, -1, 1.5, Number.NaN])('a batch of %d is a TypeError', async (batch) => {
    await expect(open().stores.sweep({ batch })).rejects.toThrow(TypeError)
  })

  describe('sweepEverySeconds', () => {
    it('sweeps until the stores are closed', async () => {
      const { stores } = open({ sweepEverySeconds: 0.05 })
      await expiredClaims('timed', 5)
      await untilTrue(async () => (await left('claims', 'timed')) === 1)
      await stores.close()
      await expiredClaims('timed later', 5)
      await new Promise((resolve) => setTimeout(resolve, 200))
      expect(await left('claims', 'timed later')).toBe(6)
    })

    it('says in ready that the last one failed', async () => {
      const { stores } = open({ schema: 'not_there', sweepEverySeconds: 0.02 })
      await expect.poll(async () => (await stores.ready()).parts.sweep?.ok).toBe(false)
    })

    it('is off unless asked for', async () => {
      const { stores } = open()
      expect((await stores.ready()).parts).toEqual({ postgres: { ok: true } })
    })
  })
})
