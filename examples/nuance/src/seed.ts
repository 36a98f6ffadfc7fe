import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { stop } from './settings.js'

/** Epoch seconds, or a time or date of ISO 8601. */
const time = z.union(
  [
    z.number().positive().max(9_999_999_999),
    z.iso.datetime({ offset: true }).transform((text) => Date.parse(text) / 1000),
    z.iso.date().transform((text) => Date.parse(text) / 1000),
  ],
  { error: 'epoch seconds, or a time like 2027-01-31T12:00:00Z' },
)

/** What may be left out may be null. */
const otherwise = <T extends z.ZodType>(type: T, value: z.output<T>) => type.nullish().transform((given) => given ?? value)

const keySchema = z.object({
  kid: z.string().min(1),
  public_key_pem: z.string().min(1),
  /** 0 is the beginning of all time. */
  not_before: z.union([z.literal(0).transform(() => null), time]).nullish(),
  expires_at: time.nullish(),
})

const clientSchema = z.object({
  client_id: z.string().regex(/^[A-Za-z0-9._~@/!*=%:-]{1,255}$/),
  client_secret: z.string().min(1),
  /** The `iss` of its subject tokens; the id where there is none. */
  name: z.string().min(1).nullish(),
  keys: otherwise(z.array(keySchema), []),
  /** Portal users that it may represent. */
  users: otherwise(z.array(z.string().min(1)), []),
  sites: otherwise(z.array(z.string()), []),
  assertion_life_seconds: otherwise(z.number().positive(), 86_400),
  jti: otherwise(z.enum(['once', 'any']), 'once'),
  /** How it writes the halves of Basic. Ids with an escape in them are ids as they stand. */
  basic_encoding: z.enum(['form', 'raw']).nullish(),
})

const seedSchema = z.object({ clients: z.array(clientSchema) })

/** Clients with their keys; what a real system has in its database. */
export type Seed = z.infer<typeof seedSchema>
/** One of them. */
export type SeedClient = Seed['clients'][number]

/** A seed, and a name for it. */
interface LoadedSeed {
  readonly seed: Seed
  /** 12 hexadecimal digits: a seed that is the same byte for byte has the same. */
  readonly digest: string
}

/** A seed for a first try: a client that still has to register its first key. */
const builtIn = JSON.stringify({
  clients: [
    {
      client_id: 'belisle',
      client_secret: 'for-a-first-try-only',
      name: 'BELISLE',
      keys: [],
      users: ['sacha.belisle'],
      sites: ['306'],
    },
  ],
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
  // Some editors put a byte order mark before it.
  const seed = parse(bytes.toString('utf8').replace(/^\ufeff/, ''))
  const ids = seed.clients.map((client) => client.client_id)
  if (new Set(ids).size < ids.length) stop('SEED_FILE: two clients have one client_id')
  return { seed, digest: createHash('sha256').update(bytes).digest('hex').slice(0, 12) }
}
