import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A shared cache between verifiers and an origin, as a CDN is. */
export interface HttpCache {
  readonly url: string
  /** How often the origin was asked. */
  readonly fetches: () => number
  close(): Promise<void>
}

/** Keeps an answer for exactly its max-age (RFC 9111 §4.2) and says how old it is. */
export async function startHttpCache(origin: string): Promise<HttpCache> {
  const kept = new Map<string, { body: string; type: string; control: string; storedAt: number; maxAge: number }>()
  const state = { fetches: 0 }

  async function answer(path: string): Promise<{ body: string; type: string; control: string; age: number }> {
    const stored = kept.get(path)
    const age = stored ? (performance.now() - stored.storedAt) / 1000 : 0
    if (stored && age < stored.maxAge) return { ...stored, age: Math.floor(age) }
    state.fetches += 1
    const storedAt = performance.now()
    const response = await fetch(origin + path)
    const control = response.headers.get('cache-control') ?? ''
    const maxAge = Number(/max-age=(\d+)/.exec(control)?.[1] ?? 0)
    const fetched = { body: await response.text(), type: response.headers.get('content-type') ?? '', control, storedAt, maxAge }
    if (response.status === 200) kept.set(path, fetched)
    return { ...fetched, age: 0 }
  }

  const server = createServer((request, response) => {
    answer(request.url ?? '/').then(
      ({ body, type, control, age }) =>
        response.writeHead(200, { 'content-type': type, 'cache-control': control, age: String(age) }).end(body),
      () => response.writeHead(502).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    fetches: () => state.fetches,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
