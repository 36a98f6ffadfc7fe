/** One step. It runs once, in the transaction of all steps that are missing. */
export interface Migration {
  /** 1, 2, 3 … */
  readonly version: number
  /**
   * The lowest version that a release must know to work on the file after this step. Adding things leaves it where it
   * was (expand); taking things away raises it (contract), in a release after the one that stopped using them.
   */
  readonly needs: number
  readonly statements: readonly string[]
}

/** Tables whose rows end by themselves, and their keys. */
export const endingTables = {
  claims: 'key',
  nonces: 'key',
  challenges: 'key',
  families: 'key',
  attempts: 'key',
  calls: 'key',
  revocations: 'epoch',
  audit: 'id',
} as const

// Texts are blobs: some drivers cut a text at its first zero byte. Keys are hashes. Times are epoch milliseconds of the machine, `since` is
// microseconds. Every name begins with `countersign_`: the file may have tables of its owner.
const firstTables = [
  `create table countersign_memory (
    tenant text primary key, since integer not null, epoch integer not null, swept integer not null default 0
  ) strict, without rowid`,
  `create table countersign_claims (
    tenant text, key blob, call text, expires_at integer not null, primary key (tenant, key)
  ) strict, without rowid`,
  `create table countersign_nonces (
    tenant text, key blob, client blob not null, call text, uses text not null, written_at integer not null, expires_at integer not null,
    primary key (tenant, key)
  ) strict, without rowid`,
  `create table countersign_challenges (
    tenant text, key blob, record blob not null, written_at integer not null, expires_at integer not null, primary key (tenant, key)
  ) strict, without rowid`,
  `create table countersign_families (
    tenant text, key blob, binding blob not null, data blob not null, generation integer not null, rotated_at integer, revoked blob,
    last_call text, expires_at integer not null, primary key (tenant, key)
  ) strict, without rowid`,
  `create table countersign_attempts (
    tenant text, key blob, used integer not null, expires_at integer not null, primary key (tenant, key)
  ) strict, without rowid`,
  `create table countersign_calls (
    tenant text, key blob, answer text not null, expires_at integer not null, primary key (tenant, key)
  ) strict, without rowid`,
  `create table countersign_documents (
    tenant text, kind text, collection blob, id blob, value blob not null, revision integer not null, group_name blob,
    primary key (tenant, kind, collection, id)
  ) strict`,
  `create index countersign_documents_group on countersign_documents (tenant, kind, collection, group_name, id)
    where group_name is not null`,
  `create table countersign_revocations (
    tenant text, epoch integer, fact blob not null, entry blob not null, undone integer not null, expires_at integer,
    type text not null, issuer blob not null, name blob not null, primary key (tenant, epoch)
  ) strict, without rowid`,
  ...['fact', 'type', 'issuer', 'name'].map(
    (column) => `create index countersign_revocations_${column} on countersign_revocations (tenant, ${column}, epoch)`,
  ),
  // ids are not used again, also where the newest entry is gone
  `create table countersign_audit (
    id integer primary key autoincrement, tenant text not null, at integer not null, entry blob not null,
    event blob not null, client blob, subject blob, expires_at integer not null
  ) strict`,
  'create index countersign_audit_at on countersign_audit (tenant, at, id)',
  ...['event', 'client', 'subject'].map(
    (column) => `create index countersign_audit_${column} on countersign_audit (tenant, ${column}, at, id) where ${column} is not null`,
  ),
  ...Object.keys(endingTables).map((table) => `create index countersign_${table}_expires_at on countersign_${table} (expires_at)`),
]

/** All steps, in order. A released step is never changed. */
export const migrations: readonly Migration[] = [{ version: 1, needs: 1, statements: firstTables }]

/** The version that this release works on. */
export const requiredVersion = 1
