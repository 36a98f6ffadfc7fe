import { randomBytes } from 'node:crypto'
import type { WireRequest } from '@countersign/core'
import { createRouteMatcher, type RouteTable } from '@countersign/core'
import { type AuthorizationServer, type AuthorizationServerOptions, createAuthorizationServer, memoryStores } from 'countersign'

/** Our own `iss` in these tests. */
export const issuer = 'https://api.example'

/** Without further issuers. */
type Options = AuthorizationServerOptions<Record<never, never>>

/** Options that are enough. */
export const options = (): Options => ({
  issuer,
  stores: memoryStores(),
  masterSecret: { current: { id: '1', secret: randomBytes(32) } },
  grants: ['client_credentials', 'refresh_token'],
})

type Server = AuthorizationServer

/** Makes servers, and closes them all. */
export function servers() {
  const made: Server[] = []
  return {
    create(changes: Partial<Options> = {}): Server {
      const server = createAuthorizationServer({ ...options(), ...changes })
      made.push(server)
      return server
    },
    async closeAll(): Promise<void> {
      for (const server of made.splice(0)) await server.close()
    },
  }
}

/** What a route answers; undefined for a path that the table does not have. */
export async function answerOf(
  table: RouteTable,
  method: string,
  url: string,
  { form, basic }: { readonly form?: Record<string, string>; readonly basic?: readonly [id: string, secret: string] } = {},
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> } | undefined> {
  const found = createRouteMatcher(table)(method, url)
  if (found.outcome !== 'matched') return undefined
  const headers = {
    ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
    ...(basic && { authorization: `Basic ${Buffer.from(basic.join(':')).toString('base64')}` }),
  }
  const request: WireRequest = { method, url, headers, ...(form && { body: form }), params: found.params }
  const { status, body = '{}' } = await found.endpoint(request)
  return { status, body: JSON.parse(String(body) || '{}') as Record<string, unknown> }
}

/** Registers a client that may get refresh tokens. */
export async function newClient(server: Server, id = 'batch'): Promise<readonly [id: string, secret: string]> {
  const made = await server.clients.register({
    id,
    grants: ['client_credentials', 'refresh_token'],
    scopes: ['jobs:read'],
    refresh: { policy: 'rotating', withClientCredentials: true },
  })
  if (!made.ok || made.secret === undefined) throw new Error('not registered')
  return [id, made.secret.secret]
}
