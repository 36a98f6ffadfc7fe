import { createHash } from 'node:crypto'
import { shownValue } from '@countersign/core'

const longest = 50
const first = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_'
const others = `${first}0123456789`

/**
 * The schema as it stands in SQL, in quotes.
 *
 * @throws TypeError unless it consists of at most 50 ASCII letters, digits and `_`, does not begin with a digit, and is
 *   none of the server's own
 */
export function quoteSchema(caller: string, schema: string): string {
  const characters = typeof schema === 'string' ? Array.from(schema) : []
  const plain = characters.every((character, index) => (index === 0 ? first : others).includes(character))
  if (characters.length === 0 || characters.length > longest || !plain) {
    throw new TypeError(
      `${caller}: schema must be 1 to ${longest} ASCII letters, digits and _, and must not begin with a digit, got ${shownValue(schema)}`,
    )
  }
  if (schema.toLowerCase().startsWith('pg_') || schema.toLowerCase() === 'information_schema') {
    throw new TypeError(`${caller}: schema must not be one that PostgreSQL keeps for itself, got ${JSON.stringify(schema)}`)
  }
  return `"${schema}"`
}

/** The channel of LISTEN for a schema: names are cut at 63 bytes. */
export function channelOf(schema: string): string {
  return `countersign_${schema}`
}

/** The advisory lock that migrations of a schema hold: 63 bits of a hash. */
export function migrationLock(schema: string): bigint {
  return createHash('sha256').update(`countersign migrations of ${schema}`).digest().readBigUInt64BE() >> 1n
}
