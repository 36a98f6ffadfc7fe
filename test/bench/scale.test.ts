import { execFile, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleProcess, type ProcessBundle } from '../stores/process-bundle.js'
import { root } from '../structure/workspace.js'

interface Row {
  readonly operation: string
  readonly times: number
  readonly p50: number
  readonly p99: number
  readonly hold: number
  readonly failure?: string
}

interface Report {
  readonly command: string
  readonly measured: readonly {
    readonly store: string
    readonly version: string
    readonly size: number
    readonly figures: { readonly rows: readonly Row[]; readonly rss: number; readonly idleHold: number }
  }[]
}

const redis = 'redis-server'
const postgres = '/usr/lib/postgresql'
const isThere: Readonly<Record<string, boolean>> = {
  redis: spawnSync(redis, ['--version']).status === 0,
  postgres: existsSync(postgres) && readdirSync(postgres).some((version) => existsSync(join(postgres, version, 'bin/initdb'))),
}
const state: { bundle?: ProcessBundle; folder?: string } = {}

beforeAll(async () => {
  state.bundle = await bundleProcess(join(root, 'bench/src/scale/main.ts'))
  state.folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  // PostgreSQL runs as another user, below it
  await chmod(state.folder, 0o755)
})
afterAll(async () => {
  await state.bundle?.remove()
  await rm(state.folder ?? '', { recursive: true, force: true })
})

const run = (...args: readonly string[]) =>
  promisify(execFile)(process.execPath, [state.bundle?.path ?? '', ...args], { env: { ...process.env, TMPDIR: state.folder } })

describe.each(['redis', 'postgres'])('the bench of a million on %s', (store) => {
  // with `CI=true` it must run
  it.skipIf(isThere[store] !== true && process.env.CI !== 'true')(
    'measures each operation at small sizes, and leaves no server and no file behind',
    async () => {
      const json = join(state.folder ?? '', 'scale.json')
      const { stdout, stderr } = await run('--size', '2000,1000', '--store', store, '--json', json)
      const { measured, command } = JSON.parse(await readFile(json, 'utf8')) as Report
      await rm(json)
      expect(command).toBe(`pnpm bench -- scale --size 1000,2000 --store ${store}`)
      expect(measured.map((one) => [one.store, one.size])).toEqual([
        [store, 1_000],
        [store, 2_000],
      ])
      for (const { version, figures } of measured) {
        expect(version).toMatch(/^\d+\./)
        expect(figures.rss).toBeGreaterThan(10)
        expect(figures.rows.length).toBeGreaterThanOrEqual(25)
        for (const { operation, times, p50, p99, hold, failure } of figures.rows) {
          expect([operation, p50 > 0, p99 >= p50, hold >= 0, failure]).toEqual([operation, true, true, true, undefined])
          expect(times).toBeGreaterThanOrEqual(1)
          expect(stdout).toContain(operation.split(',')[0])
        }
      }
      expect(stdout).toContain('families.rotate')
      expect(stderr).toContain('100 %')
      expect(await readdir(state.folder ?? '')).toEqual([])
    },
    240_000,
  )
})

it('sizes and stores that cannot be measured are refused at once', async () => {
  const refused = async (...args: readonly string[]): Promise<string> =>
    run(...args).then(
      () => 'done',
      (error: { readonly stderr: string }) => error.stderr,
    )
  expect(await refused('--size', '10')).toBe('scale: --size must be whole numbers of 1000 or more, separated by commas, got 10\n')
  expect(await refused('--store', 'redis,mysql')).toBe('scale: --store must be some of redis,postgres, got redis,mysql\n')
})
