import { postgresStores } from '@countersign/postgres'
import { createSharedRevocations } from '@countersign/verifier'
import { expect, it, onTestFinished } from 'vitest'
import { testSchema } from '../postgres/schema-setup.js'
import { describeWith } from '../services.js'
import { issuer, ofClient, ofKey, startsAt, startTrial, verdictOf } from './view-setup.js'

describeWith('postgres', 'a denylist of 100,000 entries', (url) => {
  const { admin, schema, open } = testSchema(url)

  it('is read in parts, each in the time of one operation', async () => {
    const { pool, stores: writer } = open()
    await writer.revocations.revoke({ type: 'client', issuer, clientId: 'first' })
    await admin.query(
      `insert into "${schema()}".revocations (tenant, epoch, fact, entry, undone, expires_at)
       select ''::bytea, n, int4send(n), convert_to(json_build_object('type', 'jti', 'issuer', $1::text, 'jti', 'token ' || n, 'expiresAt', 4102444800)::text, 'UTF8'),
         false, now() + interval '1 day' from generate_series(2, 100000) n`,
      [issuer],
    )
    await admin.query(`update "${schema()}".memory set epoch = 100000`)
    const { revocations: store } = postgresStores(pool, { schema: schema(), maxWaitMs: 250, listen: false })
    const view = createSharedRevocations({ store, maxStalenessSeconds: 60, onStale: 'refuse', onUnknownPast: 'allow' })
    onTestFinished(() => view.close())
    await expect.poll(async () => (await view.ready()).ok, { timeout: 20_000 }).toBe(true)
    const verdicts = ['token 2', 'token 50000', 'token 100000', 'token 100001'].map((jti) => verdictOf(view, { jti }))
    expect(await Promise.all(verdicts)).toEqual(['revoked_token', 'revoked_token', 'revoked_token', 'pass'])
    expect(await verdictOf(view, { clientId: 'first' })).toBe('revoked_client')
  }, 60_000)
})

async function filled(entries: number): ReturnType<typeof startTrial> {
  const trial = await startTrial()
  await trial.view.close()
  for (let n = 0; n < entries; n += 1) await trial.store.revoke(ofKey(`${n}`))
  return trial
}

it('a reading that fails between two parts goes on where it was', async () => {
  const { store, open, pass } = await filled(2_500)
  const { since } = store
  const asked: (string | undefined)[] = []
  Object.assign(store, {
    since: async (...[epoch, options]: Parameters<typeof since>) => {
      asked.push(epoch)
      if (asked.length === 2) throw new Error('down')
      return since(epoch, options)
    },
  })
  const view = open()
  for (let n = 0; n < 30; n += 1) {
    await pass(0.1)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(asked).toEqual([undefined, '1.1000', '1.1000', '1.2000'])
  expect([await verdictOf(view, { kid: '0' }), await verdictOf(view, { kid: '2499' })]).toEqual(['revoked_key', 'revoked_key'])
  expect(await verdictOf(view, { issuedAt: startsAt + 10 })).toBe('pass')
})

it('an entry of a newer release fails the reading, and keeps nothing that follows from being taken over', async () => {
  const { store, open, pass } = await filled(0)
  await store.revoke({ type: 'planet' as 'signing_key', issuer, kid: 'k' })
  for (let n = 0; n < 1_500; n += 1) await store.revoke(ofKey(`${n}`))
  const view = open()
  await pass(3)
  expect(await verdictOf(view, { kid: '1499' })).toBe('revoked_key')
  expect(await verdictOf(view)).toBe('503 revocation_unavailable 1')
})

it('a memory that is lost between two parts is read from its beginning', async () => {
  const { store, open, pass } = await filled(1_500)
  const { since } = store
  const counted = { parts: 0 }
  Object.assign(store, {
    since: async (...asked: Parameters<typeof since>) => {
      counted.parts += 1
      if (counted.parts === 2) {
        store.lose()
        for (let n = 0; n < 1_200; n += 1) await store.revoke(ofKey(`new ${n}`))
      }
      return since(...asked)
    },
  })
  const view = open()
  await pass(1)
  const kids = ['0', '999', 'new 0', 'new 1199']
  expect(await Promise.all(kids.map((kid) => verdictOf(view, { kid })))).toEqual(kids.map(() => 'revoked_key'))
})

it('while a long list is read, requests are answered by onStale at once, and ready() says why', async () => {
  const { store, open, pass } = await filled(5_500)
  const { since } = store
  Object.assign(store, {
    since: async (...asked: Parameters<typeof since>) => {
      await new Promise((resolve) => setTimeout(resolve, 800))
      return since(...asked)
    },
  })
  const [refusing, allowing] = [open(), open({ onStale: 'allow' })]
  const first = [verdictOf(refusing), verdictOf(allowing)]
  const ready = refusing.ready()
  await pass(1.7)
  expect(await Promise.all(first)).toEqual(['503 revocation_unavailable 1', 'pass'])
  expect(await ready).toMatchObject({ ok: false, parts: { revocations: { cause: expect.any(Error) } } })
  const later = [verdictOf(refusing), verdictOf(allowing), verdictOf(allowing, { kid: '0' })]
  expect(await Promise.all(later)).toEqual(['503 revocation_unavailable 1', 'pass', 'revoked_key'])
  await pass(6)
  expect([await verdictOf(refusing), await verdictOf(refusing, { kid: '5499' })]).toEqual(['pass', 'revoked_key'])
})

it('what this process revokes while a long list is read counts, also where a later part tells of something before', async () => {
  const { store, open, pass } = await filled(0)
  await store.revoke(ofKey('first'))
  for (let n = 0; n < 1_000; n += 1) await store.revoke(ofKey(`${n}`))
  await store.revoke(ofClient('again'))
  await store.revoke(ofClient('again'), { reinstated: true })
  const { since } = store
  const gate: { open?: () => void } = {}
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve
  })
  const asked: (string | undefined)[] = []
  Object.assign(store, {
    since: async (...[epoch, options]: Parameters<typeof since>) => {
      asked.push(epoch)
      const delta = await since(epoch, options)
      if (epoch !== undefined) await opened
      return delta
    },
  })
  const view = open({ onStale: 'allow', onUnknownPast: 'allow' })
  await expect.poll(() => asked.length).toBe(2)
  await view.revoke(ofClient('again'))
  const before = store.calls.since
  gate.open?.()
  Object.assign(store, { since: () => new Promise(() => undefined) })
  await pass(0.1)
  expect(store.calls.since).toBe(before)
  expect(await verdictOf(view, { clientId: 'again' })).toBe('revoked_client')
})

it('the next part is asked for while one is taken over, and never more than one', async () => {
  const { store, open } = await filled(3_500)
  const { since } = store
  const seen: string[] = []
  Object.assign(store, {
    since: async (...asked: Parameters<typeof since>) => {
      seen.push('asked')
      const { records, ...rest } = await since(...asked)
      return {
        ...rest,
        get records() {
          if (seen.at(-1) !== 'taken over') seen.push('taken over')
          return records
        },
      }
    },
  })
  const view = open()
  expect(await verdictOf(view, { kid: '3499' })).toBe('revoked_key')
  expect(seen).toEqual(['asked', 'asked', 'taken over', 'asked', 'taken over', 'asked', 'taken over'])
})
