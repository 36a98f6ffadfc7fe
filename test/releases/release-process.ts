import { Redis } from 'ioredis'
import { Pool } from 'pg'
import type { Release, ReleaseConnection, ReleaseSetup } from './release.js'

/** What is called: names from the outside in, such as `['stores', 'families', 'rotate']`. */
export interface ReleaseCall {
  readonly number: number
  readonly path: readonly string[]
  readonly args: readonly unknown[]
}

/** What comes back. */
export type ReleaseAnswer = { readonly number: number } & ({ readonly value: unknown } | { readonly error: string })

interface ReleaseModule {
  openRelease(setup: ReleaseSetup, connection: ReleaseConnection): Promise<Release>
}

function connect({ store, url }: ReleaseSetup): ReleaseConnection {
  if (store === 'redis') return { redis: new Redis(url) }
  const pool = new Pool({ connectionString: url, max: 4 })
  pool.on('error', () => undefined)
  return { pool }
}

const send = (answer: ReleaseAnswer | 'open'): void => {
  process.send?.(answer)
}
const textOf = (error: unknown): string => {
  const { cause } = error as { readonly cause?: unknown }
  return cause === undefined ? String(error) : `${String(error)}: ${textOf(cause)}`
}

const { module, setup } = JSON.parse(process.argv[2] ?? '') as { readonly module: string; readonly setup: ReleaseSetup }
const { openRelease } = (await import(module)) as ReleaseModule
const release = await openRelease(setup, connect(setup))

async function answer({ path, args }: ReleaseCall): Promise<unknown> {
  let [owner, called]: readonly unknown[] = [undefined, release]
  for (const name of path) [owner, called] = [called, (called as Readonly<Record<string, unknown>>)[name]]
  if (typeof called !== 'function') throw new TypeError(`this release has no ${path.join('.')}`)
  return Reflect.apply(called, owner, args)
}

process.on('message', (call: ReleaseCall) => {
  answer(call).then(
    (value) => send({ number: call.number, value }),
    (error: unknown) => send({ number: call.number, error: textOf(error) }),
  )
})
process.on('disconnect', () => process.exit())
send('open')
