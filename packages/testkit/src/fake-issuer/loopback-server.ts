import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server on 127.0.0.1 that can go down and come back on the same port. */
export interface LoopbackServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** Ends every connection and listens no more. */
  stop(): Promise<void>
  /** Listens again on the port that it had. */
  restart(): Promise<void>
}

/** Starts a server at a free port. */
export async function startLoopbackServer(listener: RequestListener): Promise<LoopbackServer> {
  let server = await listen(listener, 0)
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      if (!server.listening) return
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
    async restart() {
      if (!server.listening) server = await listen(listener, port)
    },
  }
}

async function listen(listener: RequestListener, port: number): Promise<Server> {
  const server = createServer(listener)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}
