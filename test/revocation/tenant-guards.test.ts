import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Stores } from '@countersign/core'
import { postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { testSchema } from '../postgres/schema-setup.js'
import { describeWith } from '../services.js'
import { bundleProcess, type ProcessBundle } from '../stores/process-bundle.js'
import { nextMessage } from './child-process.js'
import { ofKey, tokenOf } from './guard-setup.js'
import type { TenantGuardsSetup, TenantVerdicts } from './tenant-guards-setup.js'

const tenants = 100
const nameOf = (): string => `tenant-guards-${Math.random().toString(36).slice(2)}`

/** To be called in a suite. */
function guardProcesses(): { start(setup: Omit<TenantGuardsSetup, 'tenants'>): Promise<(token: string) => Promise<TenantVerdicts>> } {
  const bundles: ProcessBundle[] = []
  beforeAll(async () => {
    bundles.push(await bundleProcess(fileURLToPath(new URL('./tenant-guards-process.ts', import.meta.url))))
  })
  afterAll(async () => {
    for (const bundle of bundles) await bundle.remove()
  })
  return {
    async start(setup) {
      const child = fork(bundles[0]?.path ?? '', [JSON.stringify({ ...setup, tenants })], { execArgv: [] })
      onTestFinished(() => void child.kill('SIGKILL'))
      expect(await nextMessage(child)).toBe('ready')
      return async (token) => {
        const verdicts = nextMessage(child)
        child.send(token)
        return (await verdicts) as TenantVerdicts
      }
    },
  }
}

/** Revokes in a few tenants, one after the other; the guards are in another process. */
async function expectPushed(ask: (token: string) => Promise<TenantVerdicts>, open: (tenant: string) => Stores): Promise<void> {
  const token = await tokenOf('key-0')
  const expected = Array.from({ length: tenants }, () => 200)
  expect(await ask(token)).toEqual({ statuses: expected, warnings: [] })
  const times: number[] = []
  for (const at of [0, 42, 99]) {
    const stores = open(`tenant ${at}`)
    const begun = performance.now()
    await stores.revocations.revoke(ofKey('key-0'))
    await expect.poll(async () => (await ask(token)).statuses[at], { timeout: 5_000, interval: 10 }).toBe(401)
    times.push(performance.now() - begun)
    expected[at] = 401
    expect(await ask(token)).toEqual({ statuses: expected, warnings: [] })
    await stores.close()
  }
  console.info('from revoke to the refusal in another process with a hundred tenants, ms', times.map(Math.round))
  expect(Math.max(...times)).toBeLessThan(2_000)
}

describeWith('redis', 'guards of a hundred tenants on one Redis client', (url) => {
  const processes = guardProcesses()

  it('hear of their own revocations within 2 s, over one more connection', async () => {
    const name = nameOf()
    const client = new Redis(url)
    onTestFinished(async () => {
      for (const key of await client.keys(`${name}|*`)) await client.del(key)
      client.disconnect()
    })
    const ask = await processes.start({ place: { url, prefix: name }, name })
    await expectPushed(ask, (tenant) => redisStores(client, { prefix: name, tenant, maxWaitMs: 10_000 }))
    expect(String(await client.client('LIST')).split(` name=${name} `).length - 1).toBe(2)
  }, 30_000)
})

describeWith('postgres', 'guards of a hundred tenants on one pool of PostgreSQL', (url) => {
  const processes = guardProcesses()
  const { admin, schema } = testSchema(url)

  it('hear of their own revocations within 2 s, over one connection of the ten', async () => {
    const name = nameOf()
    const ask = await processes.start({ place: { url, schema: schema() }, name })
    await expectPushed(ask, (tenant) => postgresStores(admin, { schema: schema(), tenant, maxWaitMs: 10_000 }))
    const { rows } = await admin.query(
      `select count(*)::int as all, count(*) filter (where query like 'listen %')::int as listening from pg_stat_activity where application_name = $1`,
      [name],
    )
    expect(rows[0]).toMatchObject({ listening: 1 })
    expect(Number(rows[0]?.all)).toBeLessThanOrEqual(10)
  }, 30_000)
})
