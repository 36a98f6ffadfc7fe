import { createHash, hkdfSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { stop } from './settings.js'

const seedSchema = z.object({
  clients: z.array(
    z.object({
      client_id: z.uuid(),
      client_type: z.string(),
      is_blocked: z.boolean().default(false),
      connections: z.array(z.object({ secret: z.string().min(1), redirect_uri: z.string().optional() })).default([]),
    }),
  ),
  users: z.array(z.object({ id: z.string(), tax_id: z.string(), is_blocked: z.boolean().default(false) })).default([]),
  signers: z.array(z.object({ kid: z.string().min(1), tax_id: z.string(), public_key_pem: z.string() })).default([]),
})

/** Clients, users and the keys of people who sign; what a real system has in its database. */
export type Seed = z.infer<typeof seedSchema>

/** A seed, and what follows from its bytes. */
export interface LoadedSeed {
  readonly seed: Seed
  /** 12 hexadecimal digits: processes with one seed share their state, others do not. */
  readonly digest: string
  /** A secret for nonces where none is given: all processes with one seed have the same, and who has the seed has it too. */
  readonly secret: Uint8Array
}

const demoSigner = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEQvpYYXZBi1GTaXHsradHDwE17gIE
p8nFCDt6isLJOIfY5N4Ueh0oFydN9+3YAVSvG4WQMsb0MrvSbFaS02l8sA==
-----END PUBLIC KEY-----
`

/** A seed for a first try. The private key of its signer is `demo-signer.pem`, and no secret. */
const builtIn = JSON.stringify({
  clients: [
    {
      client_id: '30074b6e-fbab-4dc1-9d37-88c21dab1847',
      client_type: 'MSP',
      is_blocked: false,
      connections: [{ secret: 'c2778f3064753ea70de870a53795f5c9', redirect_uri: 'https://msp.example/callback' }],
    },
    {
      client_id: '5a52e8ab-6d7b-4d6e-9f0a-6f0a3b1d2c4e',
      client_type: 'TRUSTED_PIS',
      is_blocked: false,
      connections: [{ secret: 'a75d1aa6c6b54e4c8a1f0d4d6f8e2b3c', redirect_uri: 'https://pis.example/callback' }],
    },
  ],
  users: [{ id: 'b075f148-7f93-4fc2-b2ec-2d81b19a9b7b', tax_id: '3126509816', is_blocked: false }],
  signers: [{ kid: 'demo', tax_id: '3126509816', public_key_pem: demoSigner }],
})

function parse(text: string): Seed {
  try {
    return seedSchema.parse(JSON.parse(text))
  } catch (error) {
    return stop(`SEED_FILE is no seed: ${error instanceof z.ZodError ? z.prettifyError(error) : 'it is not JSON'}`)
  }
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    return stop(`SEED_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Reads a seed; without a file it is the built-in one. Ends the process with a message if the file is not there or no seed. */
export async function loadSeed(file: string | undefined): Promise<LoadedSeed> {
  const bytes = file === undefined ? Buffer.from(builtIn) : await read(file)
  return {
    seed: parse(bytes.toString('utf8')),
    digest: createHash('sha256').update(bytes).digest('hex').slice(0, 12),
    secret: new Uint8Array(hkdfSync('sha512', bytes, '', 'ehealth: secret of nonces', 64)),
  }
}
