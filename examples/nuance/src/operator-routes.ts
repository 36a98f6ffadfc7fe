import { createHash, timingSafeEqual } from 'node:crypto'
import { type Endpoint, jsonReply, type RouteTable, type WireRequest } from '@countersign/core'
import type { Clients } from '@countersign/grants'
import { errorReply } from './dialect.js'
import { errors, profile } from './profile.js'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

function bearerOf({ headers: { authorization } }: WireRequest): string {
  return (typeof authorization === 'string' && /^bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1]) || ''
}

/** Lets an operator lock and unlock a client: `POST`, with the operator's token as bearer. */
export function operatorRoutes(clients: Pick<Clients, 'lock' | 'unlock'>, operatorToken: string): RouteTable {
  const expected = digest(operatorToken)

  function change(isLocked: boolean): Endpoint {
    return async (request) => {
      if (!timingSafeEqual(digest(bearerOf(request)), expected))
        return errorReply(errors.unauthenticated, { 'www-authenticate': `Bearer realm="${profile.realms.operator}"` })
      const clientId = String(request.params?.client_id)
      const isThere = await (isLocked ? clients.lock(clientId) : clients.unlock(clientId))
      return isThere
        ? jsonReply(200, { client_id: clientId, locked: isLocked }, { 'cache-control': 'no-store' })
        : errorReply(errors.notFound)
    }
  }

  return [
    { method: 'POST', path: profile.paths.lock, endpoint: change(true) },
    { method: 'POST', path: profile.paths.unlock, endpoint: change(false) },
  ]
}
