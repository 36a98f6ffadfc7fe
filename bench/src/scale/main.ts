import { fork } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Shape, shapeOf } from './dataset.js'
import { fill, recordCount } from './fill.js'
import { type Figures, type MeasureSetup, measure } from './measure-process.js'
import type { Place } from './parts.js'
import { progressBar } from './progress.js'
import { load, type Measured, machine, type Report, tables } from './report.js'
import { postgresSettings, type StoreName, startServer } from './servers.js'

const self = fileURLToPath(import.meta.url)
const storeNames: readonly StoreName[] = ['redis', 'postgres']
const smallest = 1_000

/** This program again, which measures and sends its figures. */
function measureElsewhere(setup: MeasureSetup): Promise<Figures> {
  const child = fork(self, ['measure', JSON.stringify(setup)], { execArgv: ['--expose-gc'] })
  return new Promise((settle, reject) => {
    child.once('message', (figures: Figures) => settle(figures))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`scale: the process that measures ended with ${code}`)))
  })
}

async function measureStore(store: StoreName, size: number, share: number): Promise<Measured> {
  const server = await startServer(store)
  try {
    const place: Place = { store, url: server.url, name: 'scale' }
    const shape: Shape = shapeOf(size)
    const startedAt = performance.now()
    const bar = progressBar(`${store}, ${size.toLocaleString('en-US')}`, recordCount(shape))
    await fill(place, shape, bar.add)
    bar.end()
    const fillSeconds = Math.round((performance.now() - startedAt) / 100) / 10
    return { store, version: server.version, size, fillSeconds, figures: await measureElsewhere({ place, shape, share }) }
  } finally {
    await server.stop()
  }
}

function fail(message: string): never {
  process.stderr.write(`scale: ${message}\n`)
  return process.exit(1)
}

function options(): { readonly sizes: readonly number[]; readonly stores: readonly StoreName[]; readonly json: string | undefined } {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '10000,1000000' },
      store: { type: 'string', default: storeNames.join(',') },
      json: { type: 'string' },
    },
  })
  const sizes = values.size.split(',').map(Number)
  if (!sizes.every((size) => Number.isInteger(size) && size >= smallest))
    fail(`--size must be whole numbers of ${smallest} or more, separated by commas, got ${values.size}`)
  const stores = storeNames.filter((store) => values.store.split(',').includes(store))
  if (stores.length !== values.store.split(',').length) fail(`--store must be some of ${storeNames.join(',')}, got ${values.store}`)
  return { sizes: sizes.sort((a, b) => a - b), stores, json: values.json }
}

async function bench(): Promise<void> {
  const { sizes, stores, json } = options()
  const before = load()
  const measured: Measured[] = []
  const report = (): Report => ({
    command: `pnpm bench -- scale --size ${sizes.join(',')} --store ${stores.join(',')}`,
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    load: { before, after: load() },
    settings: [...postgresSettings, 'redis: save "", appendonly no'],
    measured,
  })
  // at the small sizes a run is to show whether it runs
  const share = Math.max(...sizes) < 10_000 ? 0.05 : 1
  for (const store of stores)
    for (const size of sizes) {
      measured.push(await measureStore(store, size, share))
      // after each, so that what was measured is not lost with the next
      if (json !== undefined) await write(json, report())
    }
  process.stdout.write(`${tables(report())}\n`)
}

async function write(file: string, report: Report): Promise<void> {
  await mkdir(dirname(resolve(file)), { recursive: true })
  await writeFile(resolve(file), `${JSON.stringify(report, null, 2)}\n`)
}

const [mode, setup] = process.argv.slice(2)
if (mode === 'measure') {
  const figures = await measure(JSON.parse(setup ?? '') as MeasureSetup)
  process.send?.(figures, () => process.exit(0))
} else await bench()
