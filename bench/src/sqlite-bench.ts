import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type SqliteDatabase, sqliteStores } from '@countersign/sqlite'
import Libsql from 'libsql'
import { type Effort, interleave } from './measure.js'
import type { Result } from './report.js'
import { concurrent, inFlight } from './stores-bench.js'

const bareName = 'one insert in a transaction of its own'

const builtin = process.getBuiltinModule?.('node:sqlite') as { readonly DatabaseSync: new (path: string) => SqliteDatabase } | undefined
const driver = builtin ? 'node:sqlite' : 'libsql'
const open = (path: string): SqliteDatabase => (builtin ? new builtin.DatabaseSync(path) : new Libsql(path))

/** The least that a claim needs, as durable: one insert, which is on the disk before it is answered. */
function bareInsert(path: string, nextId: () => string): () => Promise<unknown> {
  const database = open(path)
  database.prepare('pragma journal_mode = wal').all()
  database.prepare('pragma synchronous = full').run()
  database.prepare('create table bare (id text primary key, until integer not null) without rowid').run()
  const insert = database.prepare('insert into bare values (?, ?) on conflict do nothing')
  return async () => insert.run(nextId(), 0)
}

/** `claim` beside one insert of the driver; each in a file of its own, which is removed. */
export async function sqliteBench(effort: Effort): Promise<readonly Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-'))
  const stores = sqliteStores(() => open(join(folder, 'auth.db')))
  try {
    await stores.ready()
    const ids = { next: 0 }
    const nextId = (): string => {
      ids.next += 1
      return `id-${ids.next}`
    }
    const bare = bareInsert(join(folder, 'bare.db'), nextId)
    const claim = (): Promise<unknown> => stores.replay.claim({ purpose: 'private_key_jwt', id: nextId(), issuedAgoMs: 0, ttlMs: 2_000 })
    const measured = await interleave([concurrent(bareName, bare), concurrent('countersign', claim)], bareName, effort)
    return measured.map(({ name, opsPerSecond, ratio }) => ({
      bench: 'sqlite-claim',
      subject: `${name} (${driver})`,
      alg: `${inFlight} in flight`,
      ops: opsPerSecond,
      ratio,
      against: bareName,
    }))
  } finally {
    await stores.close()
    await rm(folder, { recursive: true, force: true })
  }
}
