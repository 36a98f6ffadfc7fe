import { createHmac } from 'node:crypto'
import type { DocumentStore } from '@countersign/core'
import type { Seed, SeedClient } from './seed.js'
import type { System } from './system.js'
import { thumbprintOf } from './thumbprint.js'

const collection = 'nuance_seeds'

/** Whose something in a seed was, when it was last used. */
interface Trace {
  readonly system: string
  /** Whether the client had no keys in that seed. */
  readonly isBare: boolean
}

/** What a seed is looked for in. */
interface Place {
  /** Of all systems of the store. */
  readonly documents: DocumentStore
  /** Keys the names of client secrets. */
  readonly markKey: Uint8Array
  open(system: string): Pick<System, 'keys'>
}

/** A name for a client's secret that does not give it away. */
export function markOf({ client_id: id, client_secret: secret }: SeedClient, markKey: Uint8Array): string {
  return createHmac('sha256', markKey)
    .update(JSON.stringify([id, secret]))
    .digest('base64url')
}

const keyIds = ({ client_id: id, keys }: SeedClient): readonly string[] =>
  keys.map(({ public_key_pem: pem }) => `key ${id} ${thumbprintOf({ pem }) ?? 'none'}`)

async function read(documents: DocumentStore, id: string): Promise<Trace | undefined> {
  const document = await documents.get({ collection, id })
  return document && (JSON.parse(document.value) as Trace)
}

async function write(documents: DocumentStore, id: string, trace: Trace): Promise<void> {
  const before = await documents.get({ collection, id })
  const value = JSON.stringify(trace)
  // Where another process was faster, it is as good.
  if (before?.value !== value) await documents.put({ collection, id, value, revision: before?.revision ?? 0 })
}

/** Systems in which a client was already: with one of its keys, or, where it has none in either seed, with its secret. */
async function systemsOf(client: SeedClient, { documents, markKey }: Place): Promise<readonly string[]> {
  const byKey = await Promise.all(keyIds(client).map((id) => read(documents, id)))
  const bySecret = await read(documents, `secret ${markOf(client, markKey)}`)
  const isBare = client.keys.length === 0 || bySecret?.isBare
  return [...byKey, isBare ? bySecret : undefined].flatMap((trace) => trace?.system ?? [])
}

/** Whether a name stands for another key than it did, or a key has another name. */
async function contradicts(seed: Seed, { keys }: Pick<System, 'keys'>): Promise<boolean> {
  for (const { client_id: owner, keys: seeded } of seed.clients) {
    const known = await keys.clientKeys.list(owner)
    const isOther = seeded.some(({ kid, public_key_pem: pem }) => {
      const thumbprint = thumbprintOf({ pem })
      const same = known.find((key) => key.kid === kid || key.thumbprint === thumbprint)
      return same !== undefined && !(same.kid === kid && same.thumbprint === thumbprint)
    })
    if (isOther) return true
  }
  return false
}

/**
 * Names the part of the store that a seed belongs to: where it was used before, or where a seed was that it is an edition of;
 * else a part of its own, so that clients which merely have the same ids begin with nothing.
 */
export async function systemOf({ seed, digest }: { readonly seed: Seed; readonly digest: string }, place: Place): Promise<string> {
  const { documents, markKey, open } = place
  const find = async (): Promise<string> => {
    const used = await read(documents, `seed ${digest}`)
    if (used) return used.system
    const known = new Set((await Promise.all(seed.clients.map((client) => systemsOf(client, place)))).flat())
    for (const one of known) if (!(await contradicts(seed, open(one)))) return one
    return digest
  }
  const system = await find()
  await write(documents, `seed ${digest}`, { system, isBare: false })
  for (const client of seed.clients) {
    const isBare = client.keys.length === 0
    for (const id of [...keyIds(client), `secret ${markOf(client, markKey)}`]) await write(documents, id, { system, isBare })
  }
  return system
}
