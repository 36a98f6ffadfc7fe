import { hasOwn, type Signer } from '@countersign/core'
import { longestWithRefreshSeconds } from '../endpoint/announce.js'
import type { CheckedOptions, TokenEndpointOptions } from '../endpoint/token-endpoint-options.js'
import type { BegunChain, Grant, Granted, GrantRequest } from '../grants/grant.js'
import type { TokenRefused } from '../refusal.js'
import { accessTokenClaims } from './access-token.js'
import type { createSigning, Signed } from './judge-issued.js'

/** A token of our own that is signed, but that nobody has yet. */
export interface Minted {
  readonly granted: Granted
  readonly claims: Readonly<Record<string, unknown>>
  readonly signed: Signed
  readonly lifeSeconds: number
  /** A chain of refresh tokens that begins with it. */
  readonly chain: BegunChain | undefined
}

/** Whose token is signed, and by which key. */
interface MintRequest {
  readonly grant: Grant
  readonly request: GrantRequest
  readonly signer: Signer
  readonly jti: string
}

/** Signs what was granted. Nothing is kept in a store yet. */
type Mint = (asked: MintRequest, planned: Granted) => Promise<Minted | TokenRefused>

/** Signs tokens of our own, for which a chain of refresh tokens begins where the client gets one. */
export function createMint(options: TokenEndpointOptions, checked: CheckedOptions, sign: ReturnType<typeof createSigning>['sign']): Mint {
  const { issuer } = options
  const chains = [...checked.grants.values()].find((grant) => grant.begin)

  function lifeOf(grant: Grant, { client, now: issuedAt }: GrantRequest, granted: Granted): number {
    const { accessTokenSeconds: set } = client
    const ofClient = typeof set === 'object' ? set[grant.type] : set
    const seconds = Math.max(1, Math.floor(ofClient ?? grant.accessTokenSeconds ?? checked.accessTokenSeconds))
    const own = granted.family === undefined ? seconds : Math.min(seconds, longestWithRefreshSeconds)
    return Math.max(1, Math.min(own, Math.floor(granted.expiresAt ?? Number.POSITIVE_INFINITY) - issuedAt))
  }

  return async ({ grant, request, signer, jti }, planned) => {
    const { client, secretId, key, now: issuedAt } = request
    const chain =
      // What belongs to a chain has no other one: it would outlive its own.
      planned.refreshToken === undefined && planned.family === undefined
        ? await chains?.begin?.(planned, { ...request, grantType: grant.continues ?? grant.type })
        : undefined
    const granted = chain ? { ...planned, family: chain.family } : planned
    const ofHost = (await options.claims?.({ ...granted, client })) ?? {}
    const lifeSeconds = lifeOf(grant, request, granted)
    const claims = accessTokenClaims({ issuer, client, secretId, key, granted, claims: ofHost, jti, now: issuedAt, lifeSeconds })
    const signed = await sign(claims, signer, request)
    return hasOwn(signed, 'refusal') ? signed : { granted, claims, signed, lifeSeconds, chain }
  }
}
