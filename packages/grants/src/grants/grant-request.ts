import { wallClock } from '@countersign/core'
import { withFormerUses } from '../assertions/former-uses.js'
import type { AuthenticatedClient } from '../authentication/authenticate-client.js'
import type { TokenEndpointOptions } from '../endpoint/token-endpoint-options.js'
import type { TokenRefused } from '../refusal.js'
import type { GrantRequest } from './grant.js'
import { judgeScope } from './scope.js'
import { judgeTarget } from './target.js'

/** What the grant is asked, if client and endpoint allow it. */
export type AskGrant = (
  who: AuthenticatedClient,
  ask: Pick<GrantRequest, 'issuer' | 'parameters' | 'request' | 'note'>,
) => GrantRequest | TokenRefused

/** Judges scope and target, and puts together what a grant is asked. */
export function createAskGrant(options: TokenEndpointOptions, usualAudiences: readonly string[]): AskGrant {
  const { clients, isActive } = options
  const now = options.now ?? wallClock
  const stores = withFormerUses(options.stores, now)
  return (who, ask) => {
    const { client, secretId, key } = who
    const asked = judgeScope(ask.parameters.get('scope'), client.scopes, client.defaultScopes)
    if (!asked.ok) return asked
    const allowed = client.audiences ?? usualAudiences
    const target = judgeTarget(ask.parameters, allowed)
    if (!target.ok) return target
    const nowMs = now()
    // Each member by itself: a copy of an object takes longer than everything else that is done here.
    return {
      issuer: ask.issuer,
      parameters: ask.parameters,
      request: ask.request,
      note: ask.note,
      stores,
      keys: clients.keys,
      isClient: async (id) => (await clients.find(id)) !== undefined,
      isActive: isActive && (async (granted) => (await isActive({ ...granted, client })) === true),
      isRecorded: options.audit !== undefined,
      client,
      secretId,
      key,
      requestedScopes: asked.requested,
      requestedAudiences: target.audiences,
      scopes: asked.scopes,
      audiences: target.audiences ?? allowed.slice(0, 1),
      now: Math.floor(nowMs / 1000),
      nowMs,
    }
  }
}
