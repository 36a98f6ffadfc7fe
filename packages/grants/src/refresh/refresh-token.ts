import { randomBytes } from 'node:crypto'
import {
  checkOptions,
  hasOwn,
  kind,
  type OptionShape,
  orUnavailable,
  type RefreshProvider,
  type RotationRequest,
  type SecretsOption,
} from '@countersign/core'
import { type Client, isPublicClient } from '../clients/record/client.js'
import { foreverSeconds, givesRefreshToken } from '../clients/record/refresh-policy.js'
import { accessTokenLifetimeKind, type Grant, type GrantAnswer, type GrantRequest, type Validated } from '../grants/grant.js'
import { grantedTo } from '../grants/signed-in.js'
import { refused, type TokenReason, type TokenRefused } from '../refusal.js'
import {
  bindingOf,
  chainData,
  familyName,
  faultOf,
  grantedBy,
  grantedNow,
  isKeyBound,
  type LookedAt,
  lookFirst,
  mustLookFirst,
} from './family-grant.js'
import { createRefreshTokenText, type RefreshTokenParts } from './refresh-token-format.js'
import { parseChain } from './stored-family.js'

/** Options of {@link refreshToken}. */
export interface RefreshTokenOptions {
  /** What tokens are MACed with: 32 bytes or more. A previous secret has to be kept as long as its tokens are to work. */
  readonly secrets: SecretsOption
  /**
   * A genuine token that is newer than the store knows proves that the store lost writes. `heal` goes on from it; then a token
   * that was stolen before the loss may work once more. @defaultValue `'heal'` for clients that authenticate themselves, so that
   * a stolen token is not enough; `'refuse'` for public ones
   */
  readonly onStoreBehind?: 'refuse' | 'heal'
  /** @defaultValue that of the endpoint */
  readonly accessTokenLifetimeSeconds?: number
  /** Handles refresh tokens of other issuers, for clients with any policy; our own tokens never get there. @defaultValue none */
  readonly providers?: readonly RefreshProvider[]
  readonly randomBytes?: (size: number) => Buffer
}

/** What each of the options of `refreshToken` must be, for a factory that hands them on. */
export const refreshTokenShape: OptionShape<RefreshTokenOptions> = {
  secrets: kind.required(kind.secrets),
  onStoreBehind: kind.oneOf('refuse', 'heal'),
  accessTokenLifetimeSeconds: accessTokenLifetimeKind,
  providers: kind.listOf(kind.having('a provider of refresh tokens, with accepts() and refresh()', 'accepts', 'refresh'), 0),
  randomBytes: kind.func,
}

const refusals: Readonly<Record<'reused' | 'mismatch' | 'ahead' | 'gone' | 'revoked', TokenReason>> = {
  reused: 'refresh_reused',
  mismatch: 'refresh_mismatch',
  ahead: 'store_rollback',
  gone: 'refresh_gone',
  revoked: 'refresh_revoked',
}

/** A token of another issuer. Its family is that issuer's: none of ours is begun. */
async function elsewhere(provider: RefreshProvider, token: string, asked: GrantRequest): Promise<GrantAnswer> {
  const step = await provider.refresh({ token, request: asked.request })
  switch (step.outcome) {
    case 'signed_in':
      return { ...grantedTo(step, asked, asked.now), refreshToken: step.issued?.refreshToken ?? null }
    case 'refused':
      return refused('invalid_grant')
    case 'throttled':
      return refused('too_many_requests', { retryAfterSeconds: step.retryAfterSeconds })
  }
}

/** How long the family is kept after this use; undefined: its end stays. */
function keepSeconds({ refresh }: Client, ageSeconds: number): number | undefined {
  if (refresh.policy !== 'rotating') return undefined
  const { idleLifetimeSeconds, absoluteLifetimeSeconds } = refresh
  if (absoluteLifetimeSeconds === undefined) return idleLifetimeSeconds ?? foreverSeconds
  return idleLifetimeSeconds === undefined ? undefined : Math.min(idleLifetimeSeconds, absoluteLifetimeSeconds - ageSeconds)
}

function firstKeepSeconds({ refresh }: Client): number {
  if (refresh.policy === 'fixed') return refresh.lifetimeSeconds
  const { idleLifetimeSeconds = foreverSeconds, absoluteLifetimeSeconds = foreverSeconds } = refresh.policy === 'rotating' ? refresh : {}
  return Math.min(idleLifetimeSeconds, absoluteLifetimeSeconds)
}

/** A client may repeat a request whose answer was lost, until it used the new token. Nobody but this client, or who has its key, can do so (decision 073). */
const untilUsedSeconds = 86_400

function retryWindowMs(client: Client, isBound: boolean): number {
  const { refresh } = client
  const usual = isPublicClient(client) && !isBound ? 0 : untilUsedSeconds
  return (refresh.policy === 'rotating' ? (refresh.retryWindowSeconds ?? usual) : 0) * 1000
}

/**
 * Refresh tokens (RFC 6749 §6), by the policy of each client. A token is a MAC over the number of its family and its place in
 * it; the store holds that number alone. Exactly one request rotates a token, and one that was used before ends its family.
 *
 * @throws TypeError for secrets that are too short or share an id
 */
export function refreshToken(options: RefreshTokenOptions): Grant {
  checkOptions('refreshToken', options, refreshTokenShape)
  const { onStoreBehind, accessTokenLifetimeSeconds, providers = [] } = options
  const tokens = createRefreshTokenText('refreshToken', 'secrets', options.secrets)
  const random = options.randomBytes ?? randomBytes
  const heals = (client: Client, family: string): boolean =>
    (onStoreBehind ?? (isPublicClient(client) && !isKeyBound(family) ? 'refuse' : 'heal')) === 'heal'

  /** The same token until the end of its family. */
  async function repeat(presented: RefreshTokenParts, asked: GrantRequest, token: string): Promise<Validated> {
    const { families } = asked.stores
    const record = await orUnavailable(families.find(presented.family))
    const fault = faultOf(record, asked)
    if (fault || !record) return refused(fault ?? 'refresh_gone')
    if (presented.generation > record.generation && !heals(asked.client, presented.family)) return refused('store_rollback')
    if (presented.generation < record.generation) {
      await orUnavailable(families.revoke(presented.family, 'reused'))
      return refused('refresh_reused')
    }
    const granted = await grantedNow(parseChain(record.data), asked)
    return granted.ok ? { ok: true, granted: { ...granted, refreshToken: token, family: presented.family } } : granted
  }

  /** The store replaces the token. It also revokes the family there, if the token was used before: outcome `reused`. */
  async function rotate(request: RotationRequest, asked: GrantRequest): Promise<GrantAnswer> {
    const rotation = await orUnavailable(asked.stores.families.rotate(request))
    switch (rotation.outcome) {
      case 'rotated':
      case 'retry': {
        const granted = grantedBy(parseChain(rotation.data), asked)
        const { family } = request
        return granted.ok ? { ...granted, refreshToken: tokens.write({ family, generation: rotation.generation }), family } : granted
      }
      default:
        return refused(refusals[rotation.outcome])
    }
  }

  /** One round trip where the record need not be read before: then only the rotation says what is granted. */
  async function planRotation(presented: RefreshTokenParts, asked: GrantRequest): Promise<Validated> {
    const known: TokenRefused | LookedAt = mustLookFirst(asked) ? await lookFirst(presented, asked) : { ageSeconds: 0 }
    if (hasOwn(known, 'ok')) return known
    const { client, stores } = asked
    const keep = keepSeconds(client, known.ageSeconds)
    const request: RotationRequest = {
      ...presented,
      binding: bindingOf(asked, presented.family),
      retryWindowMs: retryWindowMs(client, isKeyBound(presented.family)),
      ...(keep !== undefined && { ttlMs: keep * 1000 }),
      heal: heals(client, presented.family),
    }
    return {
      ok: true,
      ...(known.granted && { granted: known.granted }),
      commit: (callId) => rotate({ ...request, callId }, asked),
      undo: (callId) => stores.families.undo(presented.family, callId),
    }
  }

  return {
    type: 'refresh_token',
    ...(accessTokenLifetimeSeconds !== undefined && { accessTokenLifetimeSeconds }),
    async validate(asked) {
      const token = asked.parameters.get('refresh_token')
      if (token === undefined) return refused('missing_parameter')
      const provider = token.startsWith('r1.') ? undefined : providers.find((one) => one.accepts(token))
      if (provider) {
        // Whose token it is, is not said: at least it is not one that this client can have been given.
        const isAllowed = provider.grantType === undefined || asked.client.grants.includes(provider.grantType)
        return isAllowed ? { ok: true, commit: () => elsewhere(provider, token, asked) } : refused('refresh_not_allowed')
      }
      const presented = tokens.read(token)
      if (presented === undefined) return refused('refresh_malformed')
      asked.note({ family: presented.family })
      switch (asked.client.refresh.policy) {
        case 'none':
          return refused('refresh_not_allowed')
        case 'fixed':
          return repeat(presented, asked, token)
        case 'rotating':
          return planRotation(presented, asked)
      }
    },
    async startFamily(granted, { client, issuer, secretId, key, proofKey, certificate, now, stores, grantType }) {
      if (!givesRefreshToken(client.refresh, grantType) || !client.grants.includes('refresh_token')) return undefined
      const family = familyName(random(16).toString('base64url'), { client, proofKey, certificate })
      const data = chainData(granted, { secretId, key, grantType, startedAt: now })
      const record = {
        family,
        binding: bindingOf({ client, issuer, proofKey, certificate }, family),
        data,
        ttlMs: firstKeepSeconds(client) * 1000,
      }
      return {
        family,
        refreshToken: tokens.write({ family, generation: 0 }),
        keep: (callId) => orUnavailable(stores.families.create({ ...record, callId })),
        undo: (callId) => stores.families.undo(family, callId),
      }
    },
  }
}
