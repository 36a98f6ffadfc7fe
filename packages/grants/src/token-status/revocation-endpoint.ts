import {
  checkOptions,
  type Endpoint,
  kind,
  type OptionShape,
  orUnavailable,
  type Reason,
  type RefreshProvider,
  type Refusal,
  type RevocationPublisher,
  type SecretsOption,
  Unavailable,
  wallClock,
} from '@countersign/core'
import { type Announce, createAnnounce, endOfFamily, publisherKind } from '../announce-revocation.js'
import type { Client } from '../clients/record/client.js'
import type { RateLimits } from '../limits/budget.js'
import { attemptKey, type Budget, budgetKind } from '../limits/budget.js'
import { isOwner } from '../refresh/family-grant.js'
import { createRefreshTokenText } from '../refresh/refresh-token-format.js'
import { refused } from '../refusal.js'
import {
  createPresentedTokenEndpoint,
  notStored,
  type PresentedTokenOptions,
  presentedTokenShape,
  type StatusAnswer,
  type StatusTrace,
} from './presented-token.js'

/** Options of {@link createRevocationEndpoint}. */
export interface RevocationEndpointOptions extends PresentedTokenOptions {
  /** Where the end of tokens is announced to all guards. */
  readonly revocations: RevocationPublisher
  /** The secrets of `refreshToken`. @defaultValue there are no refresh tokens */
  readonly refreshSecrets?: SecretsOption
  /** Those of `refreshToken`: what they accept cannot be revoked here, and is refused. @defaultValue none */
  readonly providers?: readonly Pick<RefreshProvider, 'accepts'>[]
  /** @defaultValue those of the token endpoint, counted apart */
  readonly rateLimits?: RateLimits | false
  /**
   * Of entries that one client may add to the denylist, from all addresses. Every guard keeps each of them until the token is over.
   * Beyond it the answer is 503 with `Retry-After` (RFC 7009 §2.2.1), and the token stays alive. @defaultValue 10000 in 3600 s
   */
  readonly entriesOfClient?: Budget
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: () => number
}

/** What each of the options of `createRevocationEndpoint` must be, for a factory that hands them on. */
export const revocationEndpointShape: OptionShape<RevocationEndpointOptions> = {
  ...presentedTokenShape,
  revocations: kind.required(publisherKind),
  refreshSecrets: kind.secrets,
  entriesOfClient: budgetKind,
  providers: kind.listOf(kind.having('a provider of refresh tokens, with accepts()', 'accepts'), 0),
}

/** A token that was never ours, or that has ended: there is nothing to revoke (RFC 7009 §2.2). */
const nothingToEnd: readonly Reason[] = [
  'too_large',
  'malformed',
  'header',
  'claims',
  'algorithm',
  'unknown_issuer',
  'unknown_key',
  'signature',
  'expired',
  'too_old',
  'revoked_key',
  'revoked_token',
  'revoked_subject',
  'revoked_client',
]

const usualEntries: Budget = { limit: 10_000, windowSeconds: 3_600 }

const reply = { status: 200, headers: notStored }

function ended(reason: string, trace: StatusTrace): StatusAnswer {
  trace.reason = reason
  return { ok: true, outcome: 'ended', reply }
}

const revoked = (step: () => Promise<void>): StatusAnswer => ({ ok: true, outcome: 'revoked', reply, step })

/** Why a token was not verified decides whether 200 would be true: one that may still be good somewhere was not ended. */
function answerTo({ reason }: Refusal, trace: StatusTrace): StatusAnswer {
  if (nothingToEnd.includes(reason)) return ended(reason, trace)
  trace.reason = reason
  // Another process may know more of what was revoked, and believe it.
  if (reason === 'unprovable') throw new Unavailable('revocation_unavailable')
  return refused('revocation_not_supported')
}

/**
 * Ends tokens on behalf of the client that they were issued to (RFC 7009). A refresh token ends with its family and the access
 * tokens that came with it; an access token ends with the tokens that were exchanged for it. What another client presents is refused and stays alive.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createRevocationEndpoint(options: RevocationEndpointOptions): Endpoint {
  checkOptions('createRevocationEndpoint', options, revocationEndpointShape)
  const { issuer, stores, verifier, revocations, refreshSecrets, providers = [], rateLimits = {} } = options
  const now = options.now ?? wallClock
  const refreshTokens =
    refreshSecrets === undefined ? undefined : createRefreshTokenText('createRevocationEndpoint', 'refreshSecrets', refreshSecrets)
  const announceAlways = createAnnounce(revocations, now)
  const { limit, windowSeconds } = options.entriesOfClient ?? usualEntries

  /** A family is one entry, for all access tokens that came with it: those that are presented later have ended already. */
  async function announce(entry: Parameters<Announce>[0], { id }: Client): Promise<void> {
    const key = attemptKey('revocation-entries', issuer, id)
    const reserved = await orUnavailable(stores.attempts.reserve({ key, limit, windowMs: windowSeconds * 1000 }))
    if (!reserved.ok)
      throw new Unavailable('revocation_unavailable', {
        retryAfterSeconds: Math.ceil(reserved.retryAfterMs / 1000),
        cause: new Error('the client has used up entriesOfClient'),
      })
    await announceAlways(entry)
  }

  async function endFamily(family: string, client: Client, trace: StatusTrace): Promise<StatusAnswer> {
    const record = await orUnavailable(stores.families.find(family))
    if (record === undefined) return ended('refresh_gone', trace)
    if (!isOwner(record.binding, { client, issuer })) return refused('foreign_token')
    // Ended here means announced: the announcement comes first. A family that ended otherwise may not have been.
    if (record.revoked === 'revoked') return ended('refresh_revoked', trace)
    return revoked(async () => {
      await announce(endOfFamily(issuer, family, now()), client)
      await orUnavailable(stores.families.revoke(family, 'revoked'))
    })
  }

  async function endRefreshToken(token: string, client: Client, trace: StatusTrace): Promise<StatusAnswer> {
    trace.kind = 'refresh_token'
    if (refreshTokens === undefined) return refused('revocation_not_supported')
    // The MAC first: nothing is asked of a store for what we did not write.
    const parts = refreshTokens.read(token)
    if (parts === undefined) return ended('refresh_malformed', trace)
    trace.family = parts.family
    return endFamily(parts.family, client, trace)
  }

  async function endAccessToken(token: string, client: Client, trace: StatusTrace): Promise<StatusAnswer> {
    const verified = await verifier.verify(token)
    if (!verified.ok) return answerTo(verified.refusal, trace)
    trace.kind = 'access_token'
    const { claims, clientId, expiresAt } = verified.auth
    const { jti } = claims
    if (claims.iss !== issuer || jti === undefined) return refused('revocation_not_supported')
    Object.assign(trace, { jti, subject: claims.sub })
    if (clientId !== client.id) return refused('foreign_token')
    return revoked(() => announce({ type: 'jti', issuer, jti, expiresAt }, client))
  }

  return createPresentedTokenEndpoint(options, {
    channel: 'countersign:token-revocation',
    rateLimits,
    async decide({ who, token }, trace) {
      if (token.startsWith('r1.')) return endRefreshToken(token, who.client, trace)
      if (providers.some((provider) => provider.accepts(token))) return refused('revocation_not_supported')
      return endAccessToken(token, who.client, trace)
    },
  })
}
