import { causesOf, type Findings, inTime } from './finding.js'

/** A client of `pg`. */
interface Client {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>
  release(error?: boolean): void
}

/** The pool of `pg` and the schema of the stores. */
export interface ConfigPostgres {
  readonly pool: { connect(): Promise<Client> }
  readonly schema: string
}

const part = 'postgres'
const maxWaitMs = 5000

const first = async (client: Client, text: string, values: readonly unknown[] = []): Promise<Readonly<Record<string, unknown>>> =>
  (await inTime(client.query(text, values), maxWaitMs)).rows[0] ?? {}

/** The newest version of the schema, which the script of all migrations has. */
export function newestVersion(script: string): number {
  return Math.max(0, ...[...script.matchAll(/\bwhere version = (\d+)/g)].map(([, version]) => Number(version)))
}

async function checkServer(client: Client, findings: Findings): Promise<void> {
  const row = await first(
    client,
    "select current_setting('server_version_num')::int as version, pg_is_in_recovery() as standby, current_user as role",
  )
  if (Number(row.version) < 120_000) findings.problem(part, `server version ${String(row.version)}: it must be 12 or later`)
  else findings.ok(part, `server version ${Math.floor(Number(row.version) / 10_000)}, role ${String(row.role)}`)
  if (row.standby === true) findings.problem(part, 'it is a standby, which takes no writes: connect to the primary')
}

const rightsQuery = `
  select has_schema_privilege($1, 'usage') as usage, (
    select string_agg(c.relname, ', ') from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relkind = 'r' and c.relname <> 'migrations'
      and exists (select from unnest(array['select', 'insert', 'update', 'delete']) needed where not has_table_privilege(c.oid, needed))
  ) as closed`

async function checkSchema(client: Client, schema: string, newest: number | undefined, findings: Findings): Promise<void> {
  const quoted = `"${schema.replaceAll('"', '""')}"`
  const there = await first(client, 'select to_regclass($1) is not null as there', [`${quoted}.migrations`])
  if (there.there !== true) return findings.problem(part, `the schema ${schema} has no tables: run countersign migrate`)
  const rights = await first(client, rightsQuery, [schema])
  if (rights.usage !== true) return findings.problem(part, `the role has no usage of the schema ${schema}: grant it`)
  if (typeof rights.closed === 'string')
    findings.problem(part, `the role may not read and write ${rights.closed}: grant select, insert, update, delete`)
  const { version } = await first(client, `select max(version)::int as version from ${quoted}.migrations`)
  if (newest === undefined) return findings.ok(part, `schema ${schema} has version ${String(version)}`)
  if (Number(version) < newest)
    findings.problem(part, `schema ${schema} has version ${String(version)}, this release has ${newest}: run countersign migrate`)
  else findings.ok(part, `schema ${schema} has version ${String(version)}`)
}

/** Two clients that are out at the same time and share a backend are behind a pooler in transaction mode. */
async function checkPooler(pool: ConfigPostgres['pool'], client: Client, findings: Findings): Promise<void> {
  const other = await inTime(pool.connect(), maxWaitMs)
  try {
    const pids: unknown[] = []
    for (const one of [client, other, client]) pids.push((await first(one, 'select pg_backend_pid() as pid')).pid)
    if (pids[0] === pids[1] || pids[0] !== pids[2])
      findings.problem(
        part,
        'a pooler in transaction mode is between: LISTEN does not work through it, so revocations come late; connect directly, or use session mode',
      )
    else findings.ok(part, 'each client has a session of its own')
  } finally {
    other.release()
  }
}

/**
 * Version, role, schema, and whether a pooler is between.
 *
 * @param newest - the version of the schema that this release has; undefined if it is not known
 */
export async function checkPostgres({ pool, schema }: ConfigPostgres, newest: number | undefined, findings: Findings): Promise<void> {
  try {
    const client = await inTime(pool.connect(), maxWaitMs)
    try {
      await checkServer(client, findings)
      await checkSchema(client, schema, newest, findings)
      await checkPooler(pool, client, findings).catch((error: unknown) =>
        findings.warn(part, `a second connection cannot be had: ${causesOf(error)}`),
      )
    } finally {
      client.release()
    }
  } catch (error) {
    findings.problem(part, `it cannot be reached: ${causesOf(error)}`)
  }
}
