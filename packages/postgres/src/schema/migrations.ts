import { documentCounters } from './document-counters.js'

/** One step. It runs once, in the transaction of all steps. */
export interface Migration {
  /** 1, 2, 3 … */
  readonly version: number
  /** What the step does, for the table of migrations. */
  readonly description: string
  /**
   * The lowest version that a release must know to work on the schema after this step. Adding things leaves it where it
   * was (expand); taking things away raises it (contract), in a release after the one that stopped using them.
   */
  readonly needs: number
  /** @param schema - quoted */
  sql(schema: string): string
}

// Rows that are written again and again: room for the new version on the same page, and early cleaning.
const churning = 'with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05)'
const shortLived = 'with (autovacuum_vacuum_scale_factor = 0.05)'

/** Texts are bytea: PostgreSQL's text has no zero byte. Keys are hashes. Times are the server's. */
const firstTables = (schema: string): string => `
create table ${schema}.memory (
  tenant bytea primary key,
  home oid not null, system text not null, timeline text not null,
  since timestamptz not null, epoch bigint not null
) ${churning};
create table ${schema}.claims (
  tenant bytea, key bytea, expires_at timestamptz not null, primary key (tenant, key)
) ${shortLived};
create table ${schema}.nonces (
  tenant bytea, key bytea, client bytea not null, spent_for bytea[] not null,
  written_at timestamptz not null, expires_at timestamptz not null, primary key (tenant, key)
) ${churning};
create table ${schema}.challenges (
  tenant bytea, key bytea, record bytea not null,
  written_at timestamptz not null, expires_at timestamptz not null, primary key (tenant, key)
) ${shortLived};
create table ${schema}.families (
  tenant bytea, key bytea, binding bytea not null, data bytea not null, generation bigint not null,
  rotated_at timestamptz, revoked bytea, expires_at timestamptz not null, primary key (tenant, key)
) ${churning};
create table ${schema}.attempts (
  tenant bytea, key bytea, used bigint not null, expires_at timestamptz not null, primary key (tenant, key)
) ${churning};
create table ${schema}.documents (
  tenant bytea, kind text, collection bytea, id bytea, value bytea not null, revision bigint not null,
  primary key (tenant, kind, collection, id)
);
create table ${schema}.revocations (
  tenant bytea, epoch bigint, fact bytea not null, entry bytea not null, undone boolean not null,
  expires_at timestamptz, primary key (tenant, epoch)
);
create index revocations_fact on ${schema}.revocations (tenant, fact, epoch);
${['claims', 'nonces', 'challenges', 'families', 'attempts', 'revocations']
  .map((table) => `create index ${table}_expires_at on ${schema}.${table} (expires_at);`)
  .join('\n')}
`

/**
 * Ids and answers of the calls that changed a row, for who sends a call again. A release that does not know the columns leaves
 * them as they are.
 */
const callsOfRows = (schema: string): string => `
alter table ${schema}.families add column calls text, add column called_at timestamptz;
`

/** The same for claims and nonces. The answer of a call whose row was removed is kept among the claims. */
const callsOfIds = (schema: string): string => `
alter table ${schema}.claims add column calls text;
alter table ${schema}.nonces add column calls text, add column called_at timestamptz;
`

/**
 * Counters of attempts are unlogged: the row of a busy client is held for a moment, not for a commit to the disk. After a crash of
 * the server they begin anew, and so do their windows.
 *
 * An index on the end of a family would make each rotation write all indexes, for a rotation moves the end. `sweep_at` is a rounded
 * end, not after the true one, that most rotations leave as it is. It is null in rows of a release that does not know it.
 */
const churn = (schema: string): string => `
alter table ${schema}.attempts set unlogged;
alter table ${schema}.families add column sweep_at timestamptz;
create index families_sweep_at on ${schema}.families (sweep_at);
drop index ${schema}.families_expires_at;
`

/** Groups of documents. A release that does not know the column leaves it as it is. */
const groupsOfDocuments = (schema: string): string => `
alter table ${schema}.documents add column group_name bytea;
create index documents_group on ${schema}.documents (tenant, kind, collection, group_name, id) where group_name is not null;
`

/** Up to which entry of a tenant the sweep has looked for earlier ones that are replaced. */
const sweptRevocations = (schema: string): string => `
alter table ${schema}.memory add column swept bigint not null default 0;
`

/** What happened. The tables have the columns that pages are filtered by as hashes: a text of any length fits an index. */
const auditTable = (schema: string): string => `
create table ${schema}.audit (
  tenant bytea, id bigint generated always as identity, at timestamptz not null, entry bytea not null,
  event bytea not null, client bytea, subject bytea, expires_at timestamptz not null, primary key (tenant, id)
);
create index audit_at on ${schema}.audit (tenant, at, id);
create index audit_event on ${schema}.audit (tenant, event, at, id);
create index audit_client on ${schema}.audit (tenant, client, at, id) where client is not null;
create index audit_subject on ${schema}.audit (tenant, subject, at, id) where subject is not null;
create index audit_expires_at on ${schema}.audit (expires_at);
`

/**
 * What pages of revocations are filtered by. Rows of a release that does not know the columns have none: they are found by an index of
 * their own, until a sweep has filled them in.
 */
const namesOfRevocations = (schema: string): string => `
alter table ${schema}.revocations add column type text, add column issuer bytea, add column name bytea;
create index revocations_type on ${schema}.revocations (tenant, type, epoch) where type is not null;
create index revocations_issuer on ${schema}.revocations (tenant, issuer, type, epoch) where issuer is not null;
create index revocations_name on ${schema}.revocations (tenant, name, epoch) where name is not null;
create index revocations_unnamed on ${schema}.revocations (tenant, epoch) where type is null;
`

/** All steps, in order. A released step is never changed. */
export const migrations: readonly Migration[] = [
  { version: 1, description: 'tables of every contract', needs: 1, sql: firstTables },
  { version: 2, description: 'calls that are made again', needs: 1, sql: callsOfRows },
  { version: 3, description: 'calls that are made again, of claims and nonces', needs: 1, sql: callsOfIds },
  { version: 4, description: 'rows that are written again and again', needs: 1, sql: churn },
  { version: 5, description: 'groups of documents', needs: 1, sql: groupsOfDocuments },
  { version: 6, description: 'how far replaced revocations are swept', needs: 1, sql: sweptRevocations },
  { version: 7, description: 'the audit', needs: 1, sql: auditTable },
  { version: 8, description: 'what pages of revocations are filtered by', needs: 1, sql: namesOfRevocations },
  { version: 9, description: 'totals of large collections of documents', needs: 1, sql: documentCounters },
]

/** The version that this release works on. */
export const requiredVersion = 9
