import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FakeCognito } from '@countersign/testkit'
import { onTestFinished } from 'vitest'
import { createNeris } from '../../examples/neris/src/neris.js'
import { readSettings } from '../../examples/neris/src/settings.js'

/** The integrations of the seed: an id and secret each. */
export const integrations = {
  /** Refresh tokens that rotate; enrolled by FD00000001. */
  rotating: { id: '7a0b4e1c-7a55-4f52-9d0c-2b8d5a0e0001', secret: 'colons:and%41+all' },
  /** No refresh tokens; enrolled by nobody. */
  plain: { id: '7a0b4e1c-7a55-4f52-9d0c-2b8d5a0e0002', secret: 's:ec' },
  /** An id that is no UUID; enrolled by FD00000001. */
  named: { id: 'cid', secret: 's:ec' },
} as const

/** The people of the seed. */
export const people = {
  mail: { username: 'u@x.org', password: 'p&w' },
  app: { username: 'totp@x.org', password: 'Correct-horse-1', totpSecret: 'JBSWY3DPEHPK3PXP' },
  plain: { username: 'plain@x.org', password: 'Correct-horse-2' },
  stranger: { username: 'stranger@x.org', password: 'Correct-horse-3' },
} as const

const entities = ['VN00000001', 'FD00000001']
const { rotating, plain, named } = integrations

/** The seed that the tests use, as the file has it. */
export const seed = {
  users: [
    { ...people.mail, mfa: 'email_otp', entities },
    {
      username: people.app.username,
      password: people.app.password,
      mfa: 'software_token_mfa',
      totp_secret: people.app.totpSecret,
      entities,
    },
    { ...people.plain, mfa: null, entities },
    { ...people.stranger, mfa: 'email_otp', entities: ['FD00000009'] },
  ],
  integrations: [
    {
      client_id: rotating.id,
      client_secret: rotating.secret,
      entity_id: 'VN00000001',
      title: 'Dispatch',
      type: 'CAD',
      refresh: 'rotating',
    },
    { client_id: plain.id, client_secret: plain.secret, entity_id: 'VN00000001', title: 'Records', type: 'RMS', refresh: 'none' },
    { client_id: named.id, client_secret: named.secret, entity_id: 'VN00000002', title: 'Old', type: 'RMS', refresh: 'none' },
  ],
  enrollments: [
    { entity_id: 'FD00000001', client_id: rotating.id },
    { entity_id: 'FD00000001', client_id: named.id },
  ],
}

/** Writes a seed; `remove` takes the file away. */
export async function writeSeed(document: unknown = seed): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'neris-'))
  const path = join(folder, 'seed.json')
  await writeFile(path, typeof document === 'string' ? document : JSON.stringify(document))
  return { path, remove: () => rm(folder, { recursive: true }) }
}

/** The app in this process, on a port of its own. */
export interface Running {
  readonly url: string
  readonly pool: FakeCognito
  /** The last code that was delivered. */
  code(): string
  /** What was printed. */
  readonly printed: readonly string[]
}

/** Starts the app; it ends with the test. Keys in a store that is shared are of this test alone, unless `STORE_PREFIX` is given. */
export async function startNeris(env: Readonly<Record<string, string>> = {}, now: () => number = Date.now): Promise<Running> {
  const printed: string[] = []
  const file = await writeSeed()
  const neris = await createNeris(readSettings({ SEED_FILE: file.path, STORE_PREFIX: randomUUID(), ...env }), {
    print: (line) => void printed.push(line),
    now,
  })
  const server = neris.app.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await neris.close()
    await file.remove()
  })
  const pool = neris.pool.own as FakeCognito
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    pool,
    code: () => pool.mails.at(-1)?.code ?? '',
    printed,
  }
}
