import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server with a JWK Set for each client. */
export interface JwksHost {
  readonly origin: string
  /** Where the JWK Set of a client stands, if it has one. */
  urlOf(clientId: string): string | undefined
  /** Members of the set exactly as given. */
  publish(clientId: string, members: readonly unknown[]): void
  /** How often the set of a client was asked for. */
  fetches(clientId: string): number
  stop(): Promise<void>
}

export async function startJwksHost(): Promise<JwksHost> {
  const sets = new Map<string, readonly unknown[]>()
  const counts = new Map<string, number>()
  const server = createServer((request, response) => {
    const clientId = decodeURIComponent((request.url ?? '').slice(1))
    counts.set(clientId, (counts.get(clientId) ?? 0) + 1)
    response.writeHead(sets.has(clientId) ? 200 : 404, { 'content-type': 'application/jwk-set+json' })
    response.end(JSON.stringify({ keys: sets.get(clientId) ?? [] }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    urlOf: (clientId) => (sets.has(clientId) ? `${origin}/${encodeURIComponent(clientId)}` : undefined),
    publish: (clientId, members) => void sets.set(clientId, members),
    fetches: (clientId) => counts.get(clientId) ?? 0,
    async stop() {
      if (!server.listening) return
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
