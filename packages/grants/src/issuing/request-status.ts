import type { TokenEndpointOptions } from '../endpoint/token-endpoint-options.js'
import type { Grant, Granted, GrantRequest } from '../grants/grant.js'
import type { TokenReason } from '../refusal.js'
import { keysOf } from './access-token.js'
import { createSubjectEnd } from './judge-issued.js'
import { areKeysGood } from './used-key.js'

/** Why a request gets nothing any more; undefined: all is as it was when the request came in. Rejects with `Unavailable`. */
type StatusFault = (grant: Grant, granted: Granted, request: GrantRequest) => Promise<TokenReason | undefined>

/** Asks whether client, secret, keys and subject are still what they were when the request came in. */
export function createStatusFault({
  issuer,
  clients,
  revocations,
}: Pick<TokenEndpointOptions, 'issuer' | 'clients' | 'revocations'>): StatusFault {
  const isSubjectEnded = createSubjectEnd(issuer, revocations)
  return async (grant, granted, { client, secretId, key, keys, isActive }) => {
    const isLate = grant.isImmediate !== true || key !== undefined
    const [current, isEnded] = await Promise.all([isLate ? clients.find(client.id) : undefined, isSubjectEnded(granted)])
    if (isEnded) return granted.family === undefined ? 'inactive_subject' : 'refresh_revoked'
    if (isLate) {
      if (current === undefined || current.isLocked || current.era !== client.era) return 'locked_client'
      if (secretId !== undefined && !current.secrets.some(({ id }) => id === secretId)) return 'wrong_secret'
      if (!(await areKeysGood(keys, client.id, keysOf(granted, key)))) return 'assertion_key_revoked'
    }
    if (isActive && !(await isActive(granted))) return 'inactive_subject'
    if (granted.isPerson && (await clients.find(granted.subject)))
      throw new TypeError('createTokenEndpoint: the subject of a person is the id of a client')
    return undefined
  }
}
