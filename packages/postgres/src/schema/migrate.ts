import { checkOptions, kind, type OptionShape } from '@countersign/core'
import { checkOut, giveBack } from '../connection/check-out.js'
import { type PostgresPool, requirePool } from '../connection/driver.js'
import { migrations } from './migrations.js'
import { migrationLock, quoteSchema } from './schema-name.js'

/** Where the tables are, or shall be. */
export interface MigrationOptions {
  /** At most 50 ASCII letters, digits and `_`. One that holds nothing else is best. */
  readonly schema: string
}

const shape: OptionShape<MigrationOptions> = { schema: kind.required(kind.string) }

/** The steps that ran. */
export interface MigrationResult {
  /** Version before, 0 for an empty schema. */
  readonly from: number
  readonly to: number
}

function guarded(condition: string, statements: string): string {
  return `do $countersign$ begin\nif not exists (${condition}) then\n${statements.trim()}\nend if;\nend $countersign$;\n`
}

/**
 * All migrations as one script for `psql` or a migration tool: a transaction that may run any number of times and by
 * several processes at once (an advisory lock lets one after the other through). Steps that ran are left out by the script itself.
 *
 * @throws TypeError for a schema that is not a plain name
 */
export function migrationSql(options: MigrationOptions): string {
  checkOptions('migrationSql', options, shape)
  const { schema } = options
  const quoted = quoteSchema('migrationSql', schema)
  const namespace = `select from pg_catalog.pg_namespace where nspname = '${schema}'`
  const steps = migrations.map(({ version, description, needs, sql }) =>
    guarded(
      `select from ${quoted}.migrations where version = ${version}`,
      `${sql(quoted).trim()}\ninsert into ${quoted}.migrations (version, needs, description) values (${version}, ${needs}, '${description}');`,
    ),
  )
  return [
    'begin;\n',
    `set local lock_timeout = '60s';\nselect pg_advisory_xact_lock(${migrationLock(schema)});\n`,
    '-- a step that has to wait for a busy table gives up rather than hold everybody up behind it\n',
    "set local lock_timeout = '5s';\n",
    guarded(namespace, `create schema ${quoted};`),
    guarded(
      `select from pg_catalog.pg_tables where schemaname = '${schema}' and tablename = 'migrations'`,
      `create table ${quoted}.migrations (\n  version integer primary key, needs integer not null, description text not null, applied_at timestamptz not null default now()\n);`,
    ),
    ...steps,
    'commit;\n',
  ].join('')
}

async function versionOf(pool: PostgresPool, schema: string): Promise<number> {
  const client = await checkOut(pool)
  try {
    const there = await client.query({ text: 'select to_regclass($1) is not null as there', values: [`${schema}.migrations`] })
    if (there.rows[0]?.there !== true) return 0
    const found = await client.query({ text: `select coalesce(max(version), 0)::text as version from ${schema}.migrations` })
    return Number(found.rows[0]?.version)
  } finally {
    giveBack(client, false)
  }
}

/**
 * Brings the schema to what this release needs; safe to call by every process at its start, and by several at once. The
 * release before works on the result.
 *
 * @param pool - of a role that may create the schema and its tables
 * @throws TypeError for a schema that is not a plain name; an error of `pg` is passed on, and then nothing was changed
 */
export async function migrate(pool: PostgresPool, options: MigrationOptions): Promise<MigrationResult> {
  checkOptions('migrate', options, shape)
  requirePool('migrate', pool)
  const quoted = quoteSchema('migrate', options.schema)
  const text = migrationSql(options)
  const from = await versionOf(pool, quoted)
  const client = await checkOut(pool)
  let done = false
  try {
    await client.query({ text })
    done = true
  } finally {
    // a connection inside a failed transaction is closed, which rolls it back
    giveBack(client, !done)
  }
  return { from, to: await versionOf(pool, quoted) }
}
