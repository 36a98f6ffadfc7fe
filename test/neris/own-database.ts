import { randomUUID } from 'node:crypto'
import { Client } from 'pg'

/** A database of the test's own, on a server that is there. */
export interface OwnDatabase {
  readonly url: string
  remove(): Promise<void>
}

async function run(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(statement)
  await client.end()
}

/** @param server - URL of any database there */
export async function createDatabase(server: string): Promise<OwnDatabase> {
  const name = `neris_${randomUUID().replaceAll('-', '')}`
  await run(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, remove: () => run(server, `drop database ${name} with (force)`) }
}
