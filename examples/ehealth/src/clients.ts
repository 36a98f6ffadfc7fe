import { createHash, timingSafeEqual } from 'node:crypto'
import type { Seed } from './seed.js'

/** A client of the system. */
export type Client = Seed['clients'][number]

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a text has the form of a client id. */
export const isClientId = (text: string): boolean => text.length === 36 && uuid.test(text)

/** Looks clients up. A UUID is the same in upper and lower case (RFC 9562 §4). */
export function clientsOf(seed: Seed): (clientId: string) => Client | undefined {
  const clients = new Map(seed.clients.map((client) => [client.client_id.toLowerCase(), client]))
  return (clientId) => clients.get(clientId.toLowerCase())
}

/** Clients of this type must say their secret, and their nonces are for another audience. */
export const isTrusted = (client: Client): boolean => client.client_type === 'TRUSTED_PIS'

function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** A client has several connections, each with a secret of its own; all are compared, so that the time tells nothing. */
export function ownsSecret(client: Client, secret: string): boolean {
  return client.connections.map((connection) => isSame(connection.secret, secret)).includes(true)
}
