import { randomUUID } from 'node:crypto'
import { hasOwn, type Signer, type TokenEvent } from '@countersign/core'
import { signAccessToken } from './access-token.js'
import { longestWithRefreshSeconds } from './announce.js'
import type { Grant, Granted, GrantRequest } from './grant.js'
import { createReuseEnd } from './reused-family.js'
import type { CheckedOptions, TokenEndpointOptions } from './token-endpoint-options.js'
import { refused, type TokenReason } from './token-refusal.js'
import type { TokenAnswer } from './token-reply.js'

/** What becomes known of a request on its way; for the event. */
export type Trace = { -readonly [K in keyof TokenEvent]?: TokenEvent[K] }

/** The second half of the pipeline: decide, status again, begin a chain of refresh tokens, sign. */
export type IssueToken = (
  grant: Grant,
  asked: GrantRequest,
  context: { readonly signer: Signer; readonly trace: Trace },
) => Promise<TokenAnswer>

/** Issues what a grant decides. */
export function createIssue(options: TokenEndpointOptions, checked: CheckedOptions): IssueToken {
  const { issuer, clients } = options
  const uuid = options.randomUUID ?? randomUUID
  const endReused = createReuseEnd({
    issuer,
    revocations: options.revocations,
    attempts: options.stores.attempts,
    now: options.now ?? Date.now,
  })
  const chains = [...checked.grants.values()].find((grant) => grant.begin)

  /** Whether client, secret and subject are still what they were when the request came in. */
  async function statusFault(
    grant: Grant,
    granted: Granted,
    { client, secretId, isActive }: GrantRequest,
  ): Promise<TokenReason | undefined> {
    if (grant.isImmediate !== true) {
      const current = await clients.find(client.id)
      if (current === undefined || current.isLocked || current.era !== client.era) return 'locked_client'
      if (secretId !== undefined && !current.secrets.some(({ id }) => id === secretId)) return 'wrong_secret'
    }
    if (isActive && !(await isActive(granted))) return 'inactive_subject'
    if (granted.isPerson && (await clients.find(granted.subject)))
      throw new TypeError('createTokenEndpoint: the subject of a person is the id of a client')
    return undefined
  }

  function lifeOf(grant: Grant, { client }: GrantRequest, family: string | undefined): number {
    const { accessTokenSeconds: own } = client
    const ofClient = typeof own === 'object' ? own[grant.type] : own
    const seconds = Math.max(1, Math.floor(ofClient ?? grant.accessTokenSeconds ?? checked.accessTokenSeconds))
    return family === undefined ? seconds : Math.min(seconds, longestWithRefreshSeconds)
  }

  return async (grant, asked, { signer, trace }) => {
    const granted = await grant.decide(asked)
    if (!granted.ok) {
      if (hasOwn(granted, 'refusal')) await endReused(granted.refusal.reason, trace.family)
      return granted
    }
    trace.subject = granted.subject
    if (granted.family !== undefined) trace.family = granted.family
    const fault = await statusFault(grant, granted, asked)
    if (fault) return refused(fault)
    if (granted.issued) {
      const { accessToken, expiresInSeconds, refreshToken } = granted.issued
      return { ok: true, response: { accessToken, expiresInSeconds, scopes: granted.scopes, refreshToken } }
    }
    const { client, secretId, now } = asked
    const claims = (await options.claims?.({ ...granted, client })) ?? {}
    const jti = uuid()
    const chain =
      granted.refreshToken === undefined
        ? await chains?.begin?.(granted, { ...asked, grantType: grant.continues ?? grant.type })
        : undefined
    const family = chain?.family ?? granted.family
    if (family !== undefined) trace.family = family
    const lifeSeconds = lifeOf(grant, asked, family)
    const parts = {
      issuer,
      client,
      secretId,
      granted: { ...granted, ...(family !== undefined && { family }) },
      claims,
      jti,
      now,
      lifeSeconds,
    }
    const accessToken = await signAccessToken(signer, parts)
    await chain?.keep()
    trace.jti = jti
    const refreshToken = chain?.refreshToken ?? granted.refreshToken ?? undefined
    return { ok: true, response: { accessToken, expiresInSeconds: lifeSeconds, scopes: granted.scopes, refreshToken } }
  }
}
