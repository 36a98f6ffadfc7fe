import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { quietPool } from '../postgres/postgres-backend.js'
import { describeWith, type Service } from '../services.js'
import { bundleProcess, type ProcessBundle } from '../stores/process-bundle.js'
import { callCases } from './call-cases.js'
import { deploymentCases } from './deployment-cases.js'
import type { Release, ReleaseSetup } from './release.js'
import { type KeptRelease, present, type RunningRelease, releaseBundle, startRelease } from './running-release.js'
import type { SideBySideCase } from './side-by-side-case.js'
import { storeCases } from './store-cases.js'

/** Kept as README.md says. */
const kept: readonly KeptRelease[] = [
  // the last one whose calls have no ids
  { name: '98bef8e', unknown: ['withClientCredentials', 'announcingView', 'callIds', 'documentIndex', 'presentNames'] },
  { name: 'fce3231', unknown: ['presentNames'] },
]

const cases: readonly SideBySideCase[] = [...storeCases, ...callCases, ...deploymentCases]
const state: { program?: ProcessBundle } = {}

beforeAll(async () => {
  state.program = await bundleProcess(fileURLToPath(new URL('release-process.ts', import.meta.url)))
})
afterAll(() => state.program?.remove())

async function removeAll({ store, url, name }: ReleaseSetup): Promise<void> {
  if (store === 'postgres') {
    const pool = quietPool(url)
    await pool.query(`drop schema if exists "${name}" cascade`)
    await pool.end()
    return
  }
  const redis = new Redis(url)
  for await (const keys of redis.scanStream({ match: `${name}|*`, count: 1_000 })) if (keys.length > 0) await redis.unlink(...keys)
  redis.disconnect()
}

function suite(store: Service, url: string, old: KeptRelease): void {
  const setup: ReleaseSetup = { store, url, name: `test_${randomBytes(9).toString('hex')}`, unknown: [] }
  const bundles: ProcessBundle[] = []
  const running: RunningRelease[] = []
  const opened: { old?: Release; present?: Release } = {}

  async function start(release: KeptRelease): Promise<Release> {
    const bundle = await releaseBundle(release)
    bundles.push(bundle)
    const started = await startRelease(state.program as ProcessBundle, bundle, { ...setup, unknown: release.unknown })
    running.push(started)
    return started.release
  }

  beforeAll(async () => {
    // as in an upgrade: the new one finds what the old one made, and the old one goes on
    opened.old = await start(old)
    opened.present = await start(present)
    // a JWT says in whole seconds when it was issued
    await new Promise((resolve) => setTimeout(resolve, 1_100))
  })
  afterAll(async () => {
    for (const each of running) await each.close()
    for (const bundle of bundles) await bundle.remove()
    await removeAll(setup)
  })

  test('both are ready', async () => {
    expect(await opened.old?.ready()).toBe(true)
    expect(await opened.present?.ready()).toBe(true)
  })
  const casesOf = (one: KeptRelease, other: KeptRelease): readonly SideBySideCase[] =>
    cases.filter(({ needs, differs }) => {
      if (needs !== undefined && one.unknown.includes(needs)) return false
      return !(differs?.on.includes(store) && other.unknown.includes(differs.without))
    })
  test.each(casesOf(old, present))('old, new: $name', ({ run }) => run(opened.old as Release, opened.present as Release))
  test.each(casesOf(present, old))('new, old: $name', ({ run }) => run(opened.present as Release, opened.old as Release))
}

for (const store of ['redis', 'postgres'] as const)
  describeWith(store, `two releases on one ${store}`, (url) => {
    describe.each(kept)('this one and $name', (old) => suite(store, url, old))
  })
