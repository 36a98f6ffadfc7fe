import { createHash, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The clients of the tests' seed. */
export const clients = {
  msp: { id: '11111111-aaaa-4111-8111-111111111111', type: 'MSP', isBlocked: false, secrets: ['msp-secret-1', 'msp-secret-2'] },
  pis: { id: '22222222-bbbb-4222-8222-222222222222', type: 'TRUSTED_PIS', isBlocked: false, secrets: ['pis-secret-1', 'pis-secret-2'] },
  blocked: { id: '33333333-cccc-4333-8333-333333333333', type: 'TRUSTED_PIS', isBlocked: true, secrets: ['blocked-secret'] },
  bare: { id: '44444444-dddd-4444-8444-444444444444', type: 'TRUSTED_PIS', isBlocked: false, secrets: [] },
} as const

const people = ['person', 'blocked', 'unknown'] as const
type Person = (typeof people)[number]

const pairs = new Map(people.map((name) => [name, generateKeyPairSync('ec', { namedCurve: 'P-256' })]))

/** The private key of a person, PKCS#8 PEM. */
export const signerKey = (name: Person): string => String(pairs.get(name)?.privateKey.export({ format: 'pem', type: 'pkcs8' }))

/** A seed in the form of SEED_FILE, as text. Everybody who signs has a kid and a tax id of their own name. */
export function seedText(changes: object = {}): string {
  const seed = {
    clients: Object.values(clients).map(({ id, type, isBlocked, secrets }) => ({
      client_id: id,
      client_type: type,
      is_blocked: isBlocked,
      connections: secrets.map((secret) => ({ secret, redirect_uri: 'https://client.test/callback' })),
    })),
    users: [
      { id: 'user-person', tax_id: 'person', is_blocked: false },
      { id: 'user-blocked', tax_id: 'blocked', is_blocked: true },
    ],
    signers: [...pairs].map(([name, { publicKey }]) => ({
      kid: name,
      tax_id: name,
      public_key_pem: publicKey.export({ format: 'pem', type: 'spki' }),
    })),
    ...changes,
  }
  return JSON.stringify(seed)
}

/** A file with a seed. */
export interface SeedFile {
  readonly path: string
  /** First 12 hexadecimal digits of SHA-256 of its bytes. */
  readonly digest: string
  remove(): Promise<void>
}

export async function writeSeed(text: string = seedText()): Promise<SeedFile> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-ehealth-'))
  const path = join(folder, 'seed.json')
  await writeFile(path, text)
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12)
  return { path, digest, remove: () => rm(folder, { recursive: true, force: true }) }
}
