import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { isUnavailable } from '@countersign/core'
import { migrate, postgresStores } from '@countersign/postgres'
import { Pool } from 'pg'
import { afterEach, expect, it } from 'vitest'

/** A message of the server: its type, its length, its contents. */
function message(type: string, contents: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(contents.length + 4)
  return Buffer.concat([Buffer.from(type), length, contents])
}

const authenticated = message('R', Buffer.alloc(4))
const ready = message('Z', Buffer.from('I'))
const ended = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'))

const servers: Server[] = []
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))))

/** A server that ends every connection as soon as it is made: the client reads both at once. */
async function endingServer(): Promise<string> {
  const answer = (socket: Socket): void => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(Buffer.concat([authenticated, ready, ended])))
  }
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `postgres://postgres@127.0.0.1:${(server.address() as AddressInfo).port}/postgres`
}

function poolOf(connectionString: string): Pool {
  const pool = new Pool({ connectionString })
  pool.on('error', () => undefined)
  return pool
}

it('a connection that the server ends in the packet in which it makes it is an outage, and does not end the process', async () => {
  const pool = poolOf(await endingServer())
  const stores = postgresStores(pool, { schema: 'countersign' })
  const unsubscribe = stores.revocations.subscribe?.(() => undefined)
  const causes = await Promise.all(Array.from({ length: 20 }, () => stores.families.find('family').catch((cause: unknown) => cause)))
  expect(causes.every(isUnavailable)).toBe(true)
  await expect(migrate(pool, { schema: 'countersign' })).rejects.toThrow()
  unsubscribe?.()
  await stores.close()
  await pool.end()
})
