import { randomUUID } from 'node:crypto'
import { hasOwn, type Signer, type TokenEvent, wallClock } from '@countersign/core'
import { accessTokenClaims, keysOf } from './access-token.js'
import { longestWithRefreshSeconds } from './announce.js'
import { type AuditRecord, createRecord, recorded } from './audit.js'
import type { Challenged, Grant, Granted, GrantRequest } from './grant.js'
import { createSigning, createSubjectEnd } from './judge-issued.js'
import { createReuseEnd } from './reused-family.js'
import type { TokenResponse } from './token-dialect.js'
import type { CheckedOptions, TokenEndpointOptions } from './token-endpoint-options.js'
import { refused, type TokenReason, type TokenRefused } from './token-refusal.js'
import type { TokenAnswer } from './token-reply.js'
import { areKeysGood } from './used-key.js'

/** What becomes known of a request on its way; for the event. */
export type Trace = { -readonly [K in keyof TokenEvent]?: TokenEvent[K] }

/** The second half of the pipeline: decide, status again, begin a chain of refresh tokens, sign. */
export type IssueToken = (
  grant: Grant,
  asked: GrantRequest,
  context: { readonly signer: Signer; readonly trace: Trace },
) => Promise<TokenAnswer>

/** An answer with a token of our own. */
type Minted = TokenResponse & Required<Pick<TokenResponse, 'claims'>>

/** What is known of a request when its token goes on record. */
const recordOf = ({ grant, clientId, subject, family }: Trace, jti: string): AuditRecord => ({
  ...(grant !== undefined && { grant }),
  ...(clientId !== undefined && { clientId }),
  ...(subject !== undefined && { subject }),
  ...(family !== undefined && { family }),
  jti,
})

/** Issues what a grant decides. */
export function createIssue(options: TokenEndpointOptions, checked: CheckedOptions): IssueToken {
  const { issuer, clients } = options
  const uuid = options.randomUUID ?? randomUUID
  const now = options.now ?? wallClock
  const endReused = createReuseEnd({
    issuer,
    revocations: options.revocations,
    attempts: options.stores.attempts,
    families: options.stores.families,
    now,
  })
  const sign = createSigning(options)
  const isSubjectEnded = createSubjectEnd(issuer, options.revocations)
  const chains = [...checked.grants.values()].find((grant) => grant.begin)

  /** Whether client, secret and subject are still what they were when the request came in. */
  async function statusFault(
    grant: Grant,
    granted: Granted,
    { client, secretId, key, keys, isActive }: GrantRequest,
  ): Promise<TokenReason | undefined> {
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

  /** A client assertion is used up by a request that gets something, and by no other. */
  async function useUp(granted: Granted | Challenged, asked: GrantRequest): Promise<TokenRefused | undefined> {
    if (asked.key === undefined) return undefined
    if (granted.ok && asked.isActive && !(await asked.isActive(granted))) return refused('inactive_subject')
    return asked.claimAuthentication()
  }

  function lifeOf(grant: Grant, { client, now: issuedAt }: GrantRequest, granted: Granted): number {
    const { accessTokenSeconds: set } = client
    const ofClient = typeof set === 'object' ? set[grant.type] : set
    const seconds = Math.max(1, Math.floor(ofClient ?? grant.accessTokenSeconds ?? checked.accessTokenSeconds))
    const own = granted.family === undefined ? seconds : Math.min(seconds, longestWithRefreshSeconds)
    return Math.max(1, Math.min(own, Math.floor(granted.expiresAt ?? Number.POSITIVE_INFINITY) - issuedAt))
  }

  /** Signs a token of our own, and begins a chain of refresh tokens where the client gets one. */
  async function mint(
    grant: Grant,
    decided: Granted,
    asked: GrantRequest,
    { signer, jti }: { readonly signer: Signer; readonly jti: string },
  ): Promise<Minted | TokenRefused> {
    const { client, secretId, key, now: issuedAt } = asked
    const chain =
      // What belongs to a chain has no other one: it would outlive its own.
      decided.refreshToken === undefined && decided.family === undefined
        ? await chains?.begin?.(decided, { ...asked, grantType: grant.continues ?? grant.type })
        : undefined
    const granted = chain ? { ...decided, family: chain.family } : decided
    const ofHost = (await options.claims?.({ ...granted, client })) ?? {}
    const lifeSeconds = lifeOf(grant, asked, granted)
    const claims = accessTokenClaims({ issuer, client, secretId, key, granted, claims: ofHost, jti, now: issuedAt, lifeSeconds })
    const accessToken = await sign(claims, signer, asked)
    if (typeof accessToken !== 'string') return accessToken
    await chain?.keep()
    const refreshToken = chain?.refreshToken ?? granted.refreshToken ?? undefined
    const { scopes, issuedTokenType } = granted
    return { accessToken, expiresInSeconds: lifeSeconds, scopes, refreshToken, issuedTokenType, claims, client, nowMs: now() }
  }

  return async (grant, request, { signer, trace }) => {
    const jti = uuid()
    const record = options.audit && createRecord(options.audit, () => recordOf(trace, jti))
    const asked = record ? recorded(request, record) : request
    const granted = await grant.decide(asked)
    if (hasOwn(granted, 'refusal')) {
      await endReused(granted.refusal.reason, trace.family)
      return granted
    }
    if (granted.ok) Object.assign(trace, { subject: granted.subject }, granted.family !== undefined && { family: granted.family })
    const used = await useUp(granted, asked)
    if (used) return used
    if (!granted.ok) return granted
    const fault = await statusFault(grant, granted, asked)
    if (fault) return refused(fault)
    // Grants that use something up have asked for it before they did.
    await record?.()
    const { client } = asked
    if (granted.issued) {
      const { accessToken, expiresInSeconds, refreshToken } = granted.issued
      const { scopes } = granted
      return { ok: true, response: { accessToken, expiresInSeconds, scopes, refreshToken, client, nowMs: now() } }
    }
    const response = await mint(grant, granted, asked, { signer, jti })
    if (hasOwn(response, 'refusal')) return response
    const { refresh_family: family } = response.claims
    Object.assign(trace, { jti }, family !== undefined && { family })
    return { ok: true, response }
  }
}
