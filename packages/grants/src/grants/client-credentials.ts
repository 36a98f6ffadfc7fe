import { checkOptions } from '@countersign/core'
import { accessTokenLifetimeKind, type Grant } from './grant.js'

/** Known to this package alone: a grant of the host's cannot say it of itself. */
const immediate = Symbol('validate waits for nothing')

/** Whether nothing was waited for in `validate`, so that the client need not be read again. A copy with another `validate` is not such a grant. */
export const isImmediate = (grant: Grant): boolean => (grant as { readonly [immediate]?: Grant['validate'] })[immediate] === grant.validate

const itself: Grant['validate'] = async ({ client, scopes, audiences }) => ({
  ok: true,
  granted: { ok: true, subject: client.id, isPerson: false, scopes, audiences },
})

/**
 * The grant of a client on its own behalf (RFC 6749 §4.4). A refresh token comes with it only where the client's policy says so.
 *
 * @param options - `accessTokenLifetimeSeconds` @defaultValue that of the endpoint
 * @throws TypeError for an option that is unknown or wrong
 */
export function clientCredentials(options: { readonly accessTokenLifetimeSeconds?: number } = {}): Grant {
  checkOptions<typeof options>('clientCredentials', options, { accessTokenLifetimeSeconds: accessTokenLifetimeKind })
  const { accessTokenLifetimeSeconds } = options
  const grant = {
    type: 'client_credentials',
    ...(accessTokenLifetimeSeconds !== undefined && { accessTokenLifetimeSeconds }),
    validate: itself,
  }
  return Object.assign(grant, { [immediate]: itself })
}
