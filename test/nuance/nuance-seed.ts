import { generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Pair {
  readonly privateKey: KeyObject
  /** As `openssl rsa -pubout` prints it. */
  readonly pem: string
  readonly publicKey: KeyObject
}

export function rsaPair(bits = 2048): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: bits })
  return { privateKey, publicKey, pem: publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}

/** A client as a seed has it. */
export interface SeedClient {
  readonly client_id: string
  readonly client_secret: string
  readonly name: string
  readonly keys: readonly {
    kid: string
    public_key_pem: string
    not_before?: number | string | null
    expires_at?: number | string | null
  }[]
  readonly users: readonly string[]
  readonly sites: readonly string[]
  readonly assertion_life_seconds?: number
  readonly jti?: 'once' | 'any'
}

/** The client of the vendor's page, or another. */
export function seedClient(changes: Partial<SeedClient> = {}): SeedClient {
  return {
    client_id: 'belisle',
    client_secret: 'secret-of-belisle',
    name: 'BELISLE',
    keys: [],
    users: ['sacha.belisle'],
    sites: ['306'],
    ...changes,
  }
}

export const keyOf = (kid: string, { pem }: Pair): SeedClient['keys'][number] => ({ kid, public_key_pem: pem })

export interface SeedFile {
  readonly path: string
  remove(): Promise<void>
}

/** Writes a seed that no other run has, so that its state is its own wherever it is kept. */
export async function writeSeed(...clients: readonly SeedClient[]): Promise<SeedFile> {
  const folder = await mkdtemp(join(tmpdir(), 'nuance-'))
  const path = join(folder, 'seed.json')
  await writeFile(path, JSON.stringify({ run: randomUUID(), clients }))
  return { path, remove: () => rm(folder, { recursive: true }) }
}
