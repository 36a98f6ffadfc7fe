import { asUnavailable, createWriteCheck } from '@countersign/core'
import { requiredVersion } from '../schema/migrations.js'
import type { Database } from './connection.js'
import { type MemorySince, memoryCte } from './server-memory.js'
import { sqlStateOf } from './sqlstate.js'

/**
 * Reads the version of the schema, and with `$4` writes the row of the tenant as it is. A read-only transaction and a role without the right
 * are refused either way. Who holds the row just now is writing: it is not waited for.
 */
const checkText = (schema: string): string => `
  with ${memoryCte(schema)},
  free as (select m.tenant from ${schema}.memory m where m.tenant = $1 and $4 for update skip locked),
  tried as (update ${schema}.memory m set epoch = m.epoch from free where m.tenant = free.tenant returning 1)
  select exists (select from memory) as known, (select count(*) from tried) as tried,
    coalesce(max(version), 0) as version, coalesce(max(needs), 0) as needs from ${schema}.migrations`

function requireVersion(version: number, needs: number): void {
  if (version < requiredVersion) throw new Error(`the schema is at version ${version}, and ${requiredVersion} is needed: run migrate()`)
  if (needs > requiredVersion) throw new Error(`the schema needs a later release than this: it is at version ${version}`)
}

/** Whether the schema fits and takes writes. Rejects with the cause; in one round trip, once the memory of the tenant has begun. */
export function createCheck(database: Database, schema: string, memory: MemorySince): () => Promise<void> {
  const text = checkText(schema)
  const state: { fault: unknown } = { fault: undefined }

  async function ask(mayWrite: boolean): Promise<void> {
    const row = await database.operation(async (run) => {
      const [first] = await memory.remembering(run, text, [mayWrite])
      return first
    })
    requireVersion(Number(row.version), Number(row.needs))
  }

  return createWriteCheck(async (mayWrite) => {
    try {
      await ask(mayWrite)
    } catch (cause) {
      // What the server refused counts until the next try; a connection that was lost may be back before.
      if (mayWrite) state.fault = sqlStateOf(cause) === undefined ? undefined : cause
      throw cause
    }
    if (mayWrite) state.fault = undefined
    if (state.fault !== undefined) throw state.fault as Error
  })
}

/** The same for who asks a single store. */
export function asOutage(check: () => Promise<void>): () => Promise<void> {
  return () =>
    check().catch((cause: unknown) => {
      throw asUnavailable(cause)
    })
}
