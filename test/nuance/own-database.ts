import { randomBytes } from 'node:crypto'
import { Client } from 'pg'

/** A database of the test's own on a server that is shared. */
export interface OwnDatabase {
  readonly url: string
  remove(): Promise<void>
}

/** @param server - address of the server */
export async function createDatabase(server: string): Promise<OwnDatabase> {
  const name = `nuance_${randomBytes(6).toString('hex')}`
  const run = async (statement: string): Promise<void> => {
    const client = new Client({ connectionString: server })
    await client.connect()
    await client.query(statement).finally(() => client.end())
  }
  await run(`create database ${name}`)
  const url = new URL(server)
  url.pathname = name
  return { url: url.href, remove: () => run(`drop database ${name} with (force)`) }
}
