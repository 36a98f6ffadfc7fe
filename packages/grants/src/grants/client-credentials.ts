import { checkOptions } from '@countersign/core'
import { accessTokenSecondsKind } from '../endpoint/endpoint-shape.js'
import type { Grant } from './grant.js'

/**
 * The grant of a client on its own behalf (RFC 6749 §4.4). A refresh token comes with it only where the client's policy says so.
 *
 * @param options - `accessTokenSeconds` @defaultValue that of the endpoint
 * @throws TypeError for an option that is unknown or wrong
 */
export function clientCredentials(options: { readonly accessTokenSeconds?: number } = {}): Grant {
  checkOptions<typeof options>('clientCredentials', options, { accessTokenSeconds: accessTokenSecondsKind })
  const { accessTokenSeconds } = options
  return {
    type: 'client_credentials',
    isImmediate: true,
    ...(accessTokenSeconds !== undefined && { accessTokenSeconds }),
    validate: async ({ client, scopes, audiences }) => ({
      ok: true,
      granted: { ok: true, subject: client.id, isPerson: false, scopes, audiences },
    }),
  }
}
