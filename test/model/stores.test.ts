import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quietPool, schemasOf } from '../postgres/postgres-backend.js'
import { describeWith } from '../services.js'
import { claimTraces, familyTraces, nonceTraces } from './chosen-traces.js'
import { playInStep } from './in-step.js'
import { type DrivenStore, type PlayedTrace, play } from './played.js'
import { postgresDriver, prepareBackups } from './postgres-driver.js'
import { keyNames, redisStore } from './redis-store.js'

const suites: Readonly<Record<string, () => readonly PlayedTrace[]>> = {
  'a refresh family, heal off': () => familyTraces({ heal: false, renew: false }),
  'a refresh family, heal on': () => familyTraces({ heal: true, renew: true }),
  'a nonce': nonceTraces,
  claims: claimTraces,
}

/** Some at a time. */
async function playSome(traces: readonly PlayedTrace[], open: (name: string) => Promise<DrivenStore>): Promise<readonly string[]> {
  const left = [...traces.entries()]
  const differences: string[] = []
  const lane = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const driven = await open(`${next[0]}`)
      await next[1].begin(driven)
      const difference = await play(next[1], driven)
      if (difference !== undefined) differences.push(difference)
      await driven.close()
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
  return differences
}

function answersAll(playAll: (traces: readonly PlayedTrace[], name: string) => Promise<readonly string[]>): void {
  describe.each(Object.entries(suites))('%s', (name, traces) => {
    it('every chosen trace is answered step by step as the specification says', async () => {
      const played = traces()
      expect(played.length).toBeGreaterThan(100)
      expect(await playAll(played, name.replaceAll(/[ ,]/g, '-'))).toEqual([])
    }, 120_000)
  })
}

describeWith('postgres', 'the machines on PostgreSQL', (url) => {
  const pool = quietPool(url, { max: 16 })
  const state = { schema: '' }
  beforeAll(async () => {
    state.schema = await schemasOf(pool).create()
    await prepareBackups(pool, state.schema)
  })
  afterAll(async () => {
    await schemasOf(pool).drop(state.schema)
    await pool.end()
  })
  answersAll((traces, name) => playSome(traces, (trace) => postgresDriver(pool, state.schema, `${name}-${trace}`)))
})

describeWith('redis', 'the machines on Redis', (url) => {
  const client = new Redis(url)
  const prefix = `test-${randomBytes(9).toString('hex')}`
  client.setMaxListeners(0)
  const state = { names: [] as readonly string[] }
  beforeAll(async () => {
    state.names = await keyNames(client, prefix)
    expect(state.names.length).toBeGreaterThanOrEqual(5)
  })
  afterAll(() => client.disconnect())
  answersAll((traces, name) => playInStep(traces, (trace) => redisStore(client, prefix, `${name}-${trace}`, state.names)))
})
