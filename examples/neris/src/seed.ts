import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { entityId, integrationTypes } from './entity-id.js'
import { BadSettings } from './settings.js'

const entity = z.string().regex(entityId, 'an entity looks like VN00000001')
const clientId = z.string().regex(/^[A-Za-z0-9._~@/!*=-]{1,255}$/, 'a client_id is 1 to 255 letters, digits and ._~@/!*=-')

/** What is not said, or said to be null, is the usual. */
const usually = <S extends z.ZodType>(schema: S, usual: z.output<S>) => schema.nullish().transform((value) => value ?? usual)

const seedSchema = z.object({
  users: usually(
    z.array(
      z.object({
        username: z.string().min(1),
        password: z.string().min(1).nullish(),
        mfa: z.enum(['email_otp', 'software_token_mfa']).nullish(),
        totp_secret: z
          .string()
          .regex(/^[A-Za-z2-7 =]+$/, 'a totp_secret is base32')
          .nullish(),
        entities: usually(z.array(entity), []),
      }),
    ),
    [],
  ),
  integrations: usually(
    z.array(
      z.object({
        client_id: clientId,
        client_secret: z.string().min(1),
        entity_id: entity,
        title: usually(z.string().min(1).max(200), 'Integration'),
        type: usually(z.enum(integrationTypes), 'RMS'),
        refresh: usually(z.enum(['rotating', 'none']), 'rotating'),
      }),
    ),
    [],
  ),
  enrollments: usually(z.array(z.object({ entity_id: entity, client_id: clientId })), []),
})

/** People with their entities, integrations and enrollments: what a real system has in its database. */
export type Seed = z.infer<typeof seedSchema>

/** A seed, and what follows from its bytes. */
export interface LoadedSeed {
  readonly seed: Seed
  /** 12 hexadecimal digits: processes with one seed share their store, others do not. */
  readonly digest: string
}

function parse(text: string): Seed {
  try {
    return seedSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new BadSettings(`SEED_FILE is no seed: ${error instanceof z.ZodError ? z.prettifyError(error) : 'it is not JSON'}`)
  }
}

function check({ users, integrations }: Seed): void {
  const names = users.map(({ username }) => username.toLowerCase())
  if (new Set(names).size < names.length) throw new BadSettings('SEED_FILE: two users have one name')
  const noSecret = users.find((user) => user.mfa === 'software_token_mfa' && !user.totp_secret)
  if (noSecret) throw new BadSettings(`SEED_FILE: ${noSecret.username} has software_token_mfa, and no totp_secret`)
  const ids = integrations.map((integration) => integration.client_id)
  if (new Set(ids).size < ids.length) throw new BadSettings('SEED_FILE: two integrations have one client_id')
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new BadSettings(`SEED_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/**
 * Reads a seed; without a file it is empty.
 *
 * @throws BadSettings if the file is not there or no seed
 */
export async function loadSeed(file: string | undefined): Promise<LoadedSeed> {
  const bytes = file === undefined ? Buffer.from('{}') : await read(file)
  const seed = parse(bytes.toString('utf8'))
  check(seed)
  return { seed, digest: createHash('sha256').update(bytes).digest('hex').slice(0, 12) }
}
