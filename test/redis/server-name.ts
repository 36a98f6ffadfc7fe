import { connect, createServer, type Socket } from 'node:net'
import type { OwnServer } from './redis-servers.js'

/** As a name that leads to another server later: open connections stay where they are. */
export interface ServerName {
  readonly port: number
  /** How many there were so far. */
  connections(): number
  leadTo(server: OwnServer): void
  close(): void
}

export async function serverName(first: OwnServer): Promise<ServerName> {
  const state = { to: first.port, connections: 0 }
  const sockets = new Set<Socket>()
  const name = createServer((from) => {
    state.connections += 1
    const to = connect(state.to, '127.0.0.1')
    for (const socket of [from, to]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => [from, to].map((end) => end.destroy()))
    }
    from.pipe(to).pipe(from)
  })
  await new Promise<void>((resolve) => name.listen(0, '127.0.0.1', resolve))
  const address = name.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    connections: () => state.connections,
    leadTo: ({ port }) => {
      state.to = port
    },
    close() {
      for (const socket of sockets) socket.destroy()
      name.close()
    },
  }
}
