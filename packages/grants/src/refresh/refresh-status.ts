import type { RefreshFamily } from '@countersign/core'
import type { Client } from '../clients/record/client.js'
import type { GrantRequest } from '../grants/grant.js'
import { refused, type TokenRefused } from '../refusal.js'
import { faultOf, grantedBy } from './family-grant.js'
import { type ChainData, parseChain } from './stored-family.js'

/** A refresh token that would be taken at this moment. */
interface LiveRefreshToken {
  readonly ok: true
  readonly data: ChainData
  /** What it still gives. */
  readonly scopes: readonly string[]
  /** Epoch seconds, where it ends at a time that is known. */
  readonly expiresAt: number | undefined
}

/** Times at which the family ends however it is used. */
function endsOf({ refresh }: Client, { startedAt, expiresAt }: ChainData, now: number): readonly number[] {
  const ends = expiresAt === undefined ? [] : [expiresAt]
  if (refresh.policy === 'rotating' && refresh.absoluteLifetimeSeconds !== undefined) ends.push(startedAt + refresh.absoluteLifetimeSeconds)
  // A fixed life that was shortened since is that of later families: the store ends this one.
  if (refresh.policy === 'fixed' && startedAt + refresh.lifetimeSeconds > now) ends.push(startedAt + refresh.lifetimeSeconds)
  return ends
}

/**
 * Whether a client could use its refresh token now. Nothing is used up, and an older one of the family ends nothing: who asks
 * does not present it.
 *
 * @param now - epoch seconds
 */
export function refreshStatus(
  { record, generation }: { readonly record: RefreshFamily | undefined; readonly generation: number },
  owner: Pick<GrantRequest, 'client' | 'issuer'>,
  now: number,
): LiveRefreshToken | TokenRefused {
  const { client } = owner
  if (client.refresh.policy === 'none' || !client.grants.includes('refresh_token')) return refused('refresh_not_allowed')
  const fault = faultOf(record, owner)
  const data = record && parseChain(record.data)
  if (fault || !record || !data) return refused(fault ?? 'refresh_gone')
  if (generation !== record.generation) return refused(generation < record.generation ? 'refresh_reused' : 'store_rollback')
  const granted = grantedBy(data, { client, requestedScopes: undefined, requestedAudiences: undefined, now })
  if (!granted.ok) return granted
  const ends = endsOf(client, data, now)
  if (ends.some((end) => end <= now)) return refused('refresh_gone')
  return { ok: true, data, scopes: granted.scopes, expiresAt: ends.length > 0 ? Math.min(...ends) : undefined }
}
