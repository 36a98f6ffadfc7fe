import type { RevocationEntry } from '@countersign/core'
import { expect, it } from 'vitest'
import { describeWith } from '../services.js'
import { testSchema, untilWaiting } from './schema-setup.js'

const entryOf = (clientId: string): RevocationEntry => ({ type: 'client', issuer: 'issuer', clientId })
const idOf = (entry: RevocationEntry): string => (entry.type === 'client' ? entry.clientId : '')

describeWith('postgres', 'the order of revocations', (url) => {
  const { admin, schema, open } = testSchema(url)

  it('a reader that polls while 64 revoke on two pools misses none and sees none twice', async () => {
    const lanes = [open({ tenant: 'poll' }), open({ tenant: 'poll' })] as const
    const reader = open({ tenant: 'poll' }).stores.revocations
    const state = { epoch: await reader.cursor(), writing: true, reads: 0 }
    const seen: string[] = []
    const read = async (): Promise<void> => {
      const { records, cursor, lost } = await reader.since(state.epoch)
      expect(lost).toBe(false)
      seen.push(...records.map(({ entry }) => idOf(entry)))
      state.epoch = cursor
      state.reads += 1
    }
    const poll = async (): Promise<void> => {
      while (state.writing) await read()
    }
    const polling = poll()
    const wanted = Array.from({ length: 64 * 4 }, (_, n) => `${n}`)
    await Promise.all(wanted.map((id, n) => (lanes[n % 2] ?? lanes[0]).stores.revocations.revoke(entryOf(id))))
    state.writing = false
    await polling
    await read()
    expect(state.reads).toBeGreaterThan(5)
    expect(seen.toSorted()).toEqual(wanted.toSorted())
  })

  it('an entry whose commit takes long is not skipped by a reader who reads meanwhile', async () => {
    const { stores } = open({ tenant: 'slow' }, { application_name: 'revokes second' })
    const { revocations } = stores
    await revocations.revoke(entryOf('before'))
    const slow = await admin.connect()
    try {
      await slow.query('begin')
      const begun = await slow.query<{ epoch: string }>(
        `update "${schema()}".memory set epoch = epoch + 1 where tenant = 'slow' returning epoch`,
      )
      await slow.query(
        `insert into "${schema()}".revocations (tenant, epoch, fact, entry, undone) values ('slow', $1, 'fact', convert_to($2, 'UTF8'), false)`,
        [begun.rows[0]?.epoch, JSON.stringify(entryOf('first'))],
      )
      const second = revocations.revoke(entryOf('second'))
      await untilWaiting(admin, 'revokes second')
      const meanwhile = await revocations.since(undefined)
      expect(meanwhile.records.map(({ entry }) => idOf(entry))).toEqual(['before'])
      await slow.query('commit')
      await second
      const after = await revocations.since(meanwhile.cursor)
      expect(after.records.map(({ entry }) => idOf(entry))).toEqual(['first', 'second'])
    } finally {
      slow.release()
    }
  })

  it('a listener hears of its own tenant only', async () => {
    const [one, two] = [open({ tenant: 'one' }).stores.revocations, open({ tenant: 'two' }).stores.revocations]
    const heard = { one: 0, two: 0 }
    const ended = [
      one.subscribe(() => {
        heard.one += 1
      }),
      two.subscribe(() => {
        heard.two += 1
      }),
    ]
    // the call that begins a subscription
    await expect.poll(() => Math.min(heard.one, heard.two)).toBe(1)
    await one.revoke(entryOf('id'))
    await expect.poll(() => heard.one).toBe(2)
    expect(heard.two).toBe(1)
    for (const end of ended) end()
  })

  it('a listening connection that breaks is replaced, and its listeners are called for what they missed', async () => {
    const listening = open({ tenant: 'broken' }, { application_name: 'listens' })
    const { revocations } = open({ tenant: 'broken' }).stores
    const heard = { calls: 0 }
    listening.stores.revocations.subscribe(() => {
      heard.calls += 1
    })
    await expect.poll(() => heard.calls).toBe(1)
    await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'listens'`)
    await revocations.revoke(entryOf('missed'))
    await expect.poll(() => heard.calls, { timeout: 5_000 }).toBe(2)
    await revocations.revoke(entryOf('heard'))
    await expect.poll(() => heard.calls).toBe(3)
  })

  it('the connection that listens goes back when nobody does any more', async () => {
    const { stores, pool } = open({ tenant: 'counted' })
    const heard = { calls: 0 }
    const listener = (): void => {
      heard.calls += 1
    }
    const [first, second] = [stores.revocations.subscribe(listener), stores.revocations.subscribe(listener)]
    await expect.poll(() => heard.calls).toBe(2)
    expect(pool.totalCount - pool.idleCount).toBe(1)
    first()
    expect(pool.totalCount - pool.idleCount).toBe(1)
    second()
    expect(pool.totalCount - pool.idleCount).toBe(0)
  })

  it('a pool of one connection is not taken for listening', async () => {
    const { stores } = open({ tenant: 'single' }, { max: 1 })
    stores.revocations.subscribe(() => undefined)
    await stores.revocations.revoke(entryOf('id'))
    expect((await stores.revocations.since(undefined)).records).toHaveLength(1)
  })
})
